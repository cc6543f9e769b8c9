"""Shared fixtures of job tests: the digits, a dispatcher to start, and a running one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.datasets.cache import open_dataset, pin
from core.home import Home
from core.spec import RunSpec
from tests.support.dispatcher import (
    SPEC,
    Dispatch,
    end_all,
    end_dispatcher,
    start_dispatcher,
)
from tests.support.paths import ROOT


@pytest.fixture
def digits_home(home: Home) -> Iterator[Home]:
    """Home with the digits; no process of it outlives the test."""
    open_dataset(home, "digits")
    yield home
    end_all(home)


@pytest.fixture
def spec(home: Home) -> RunSpec:
    return pin(home, SPEC)


@pytest.fixture
def dispatch(home: Home) -> Iterator[Dispatch]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str, cwd: Path = ROOT) -> subprocess.Popen[bytes]:
        started.append(start_dispatcher(home, *options, cwd=cwd))
        return started[-1]

    yield start
    for process in started:
        end_dispatcher(home, process)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Home with a running dispatcher, shared by tests that use different seeds and kill no process."""
    home = Home(tmp_path_factory.mktemp("served"))
    open_dataset(home, "digits")
    process = start_dispatcher(home)
    yield home
    end_dispatcher(home, process)
