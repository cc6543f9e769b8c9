"""Fixtures for tests of commands: a home without examples, a queued job and a running dispatcher."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.cli import doctor
from core.datasets.cache import fetch_dataset, pin
from core.errors import JobError
from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from tests.support.dispatcher import until
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter
from tests.support.stand_in_worker import STAND_IN


@pytest.fixture(autouse=True)
def _without_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))


@pytest.fixture
def queued(home: Home, make_run: RunWriter) -> RunSpec:
    """Queued job; the dispatcher is not running."""
    make_run(head="gap")
    spec = pin(home, RunSpec(head="dense", epochs=4))
    JobQueue(home).submit([spec], submitted_by="a test")
    return spec


@pytest.fixture
def served(home: Home) -> Iterator[Home]:
    """Home with a dispatcher that starts stand-in workers."""
    fetch_dataset(home, "digits")
    home.jobs.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "core.jobs", str(home.path), "--module", STAND_IN],
        cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    until(lambda: doctor.find_dispatcher(home) == process.pid)
    yield home
    end_jobs(home)
    process.kill()
    process.wait()


def end_jobs(home: Home) -> None:
    queue = JobQueue(home)
    for job in queue.unfinished():
        with suppress(JobError):  # it has ended meanwhile
            queue.cancel(job.run_id)
    until(lambda: not queue.unfinished())
