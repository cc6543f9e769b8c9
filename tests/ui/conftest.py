"""Shared fixtures of page tests: a function that opens a page, two heads to compare, and ended jobs."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.datasets.cache import open_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from tests.support.page import Open, navigated, open_page
from tests.support.run_writer import RunWriter


@pytest.fixture(name="open_page")
def _open_page(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a page as a link does; no exception may reach the user."""
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))
    opened: list[AppTest] = []

    def run(page: str, /, **given: Any) -> AppTest:
        opened.append(open_page(page, **given))
        return opened[-1]

    with navigated():
        yield run
    for app in opened:
        assert not app.exception
        assert not [error.value for error in app.error if "Something went wrong" in error.value]


@pytest.fixture
def two_heads(make_run: RunWriter) -> list[str]:
    """IDs of the runs of two heads with two seeds."""
    return [
        make_run(head=head, seed=seed, accuracy=accuracy).run_id
        for seed in range(2)
        for head, accuracy in (("gap", 0.85), ("dense", 0.95))
    ]


@pytest.fixture
def digits(home: Home) -> None:
    open_dataset(home, "digits")


@pytest.fixture
def ended(home: Home) -> Callable[[RunSpec, str], None]:
    """Set the state of a spec's job, as the dispatcher writes it."""

    def end(spec: RunSpec, state: str) -> None:
        with closing(sqlite3.connect(JobQueue(home).path)) as table, table:
            table.execute("UPDATE job SET state = ?, ended_at = ?", (state, time.time() - 600))

    return end


@pytest.fixture
def open_lab(open_page: Open) -> Open:
    """Open a section of the lab; its settings are given without their prefix."""

    def run(topic: str, section: str = "", /, **params: str) -> AppTest:
        names = {f"lab_{name}": value for name, value in params.items()}
        if section:
            names[f"lab_{topic.lower()}_section"] = section
        return open_page("lab", lab_topic=topic, **names)

    return run
