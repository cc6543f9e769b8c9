"""The dispatcher and changes of the source code."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.home import Home
from core.jobs import source_check
from core.jobs.dispatcher import Dispatcher
from core.jobs.local_executor import LocalExecutor
from core.jobs.queue import Job, JobQueue
from core.jobs.source_check import read_sources
from core.spec import RunSpec
from tests.support.dispatcher import (
    Dispatch,
    alive,
    read_history_of,
    state,
    until,
    worker_pid,
)
from tests.support.markers import long
from tests.support.paths import ROOT
from tests.support.stand_in_worker import STAND_IN

pytestmark = pytest.mark.xdist_group("jobs")
BOTTLENECK = '''
from core.architecture.head import head
from core.architecture.layers import Conv, Dense, Flatten, Layer, Softmax
from core.spec import RunSpec


@head(label="Bottleneck", order=7)
def bottleneck(spec: RunSpec, classes: int) -> list[Layer]:
    """A head of the test's own."""
    return [Conv(8, kernel_size=1), Flatten(), Dense(classes), Softmax()]
'''


@pytest.fixture
def home(digits_home: Home) -> Home:
    return digits_home


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the code that may be changed."""
    for package in ("core", "tests/support/stand_in_worker"):
        shutil.copytree(ROOT / package, tmp_path / "tree" / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "tree"


def submit_from(tree: Path, home: Home, settings: dict[str, object]) -> str:
    """Submit a run from a process that uses the code of `tree`, and return its ID."""
    script = (
        "import json, sys; from pathlib import Path; from core.home import Home; from core.spec import RunSpec\n"
        "from core.datasets.cache import pin; from core.jobs.queue import JobQueue\n"
        "home = Home(Path(sys.argv[1])); spec = pin(home, RunSpec(**json.loads(sys.argv[2])))\n"
        "JobQueue(home).submit([spec]); print(spec.run_id)"
    )
    command = [sys.executable, "-c", script, str(home.path), json.dumps({"train_images": 200, "epochs": 3, **settings})]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout.strip()


@long  # three processes with a copy of the code
def test_new_head_is_trained_by_an_older_dispatcher(tree: Path, home: Home, dispatch: Dispatch) -> None:
    queue = JobQueue(home)

    def job(run_id: str) -> Job:
        found = queue.job(run_id)
        assert found is not None
        return found

    process = dispatch(cwd=tree)
    long = submit_from(tree, home, {"epochs": 1000})
    until(lambda: not read_history_of(home, long).empty)
    pid = worker_pid(home, job(long))
    (tree / "core/architecture/heads/bottleneck.py").write_text(BOTTLENECK)
    new = submit_from(tree, home, {"head": "bottleneck"})
    until(lambda: job(new).state in ("finished", "failed"))
    assert (job(new).state, job(new).reason, job(new).attempt) == ("finished", "", 1)
    assert process.poll() is None
    assert alive(pid)
    assert (job(long).state, job(long).attempt) == ("running", 1)
    log = (home.jobs / "dispatcher.log").read_text()
    assert log.count("The code has changed: restarting the dispatcher.") == 1
    older = submit_from(tree, home, {"seed": 1})
    until(lambda: job(older).state == "finished")
    assert (home.jobs / "dispatcher.log").read_text().count("restarting the dispatcher") == 1


def test_new_changed_and_deleted_files_are_distinguished(tmp_path: Path) -> None:
    (tmp_path / "family").mkdir()
    seen = [read_sources(tmp_path)]
    path = tmp_path / "family" / "one.py"
    for change in (path.touch, lambda: os.utime(path, (1, 1)), path.with_name("two.py").touch, path.unlink):
        change()
        seen.append(read_sources(tmp_path))
    assert len(set(seen)) == len(seen)
    path.with_suffix(".txt").touch()
    assert read_sources(tmp_path) == seen[-1]


def test_job_submitted_before_the_code_was_loaded_does_not_wait_for_newer_code(
    monkeypatch: pytest.MonkeyPatch, home: Home, spec: RunSpec
) -> None:
    JobQueue(home).submit([spec])
    dispatcher = Dispatcher(home, LocalExecutor(home, warm=False, module=STAND_IN), idle_seconds=0.5)
    monkeypatch.setattr(source_check, "LOADED", frozenset())  # as if every file had changed since
    monkeypatch.setattr(time, "time", lambda: 0.0)  # at any time of the clock
    dispatcher.run()
    assert (state(home, spec), dispatcher.outdated) == ("finished", False)
    JobQueue(home).submit([spec.replace(seed=1)])
    dispatcher.run()
    assert (state(home, spec.replace(seed=1)), dispatcher.outdated) == ("queued", True)
