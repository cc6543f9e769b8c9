"""Jobs and runs in one list."""

import sqlite3
from contextlib import closing

import pytest

from core.home import Home
from core.jobs.progress import read_progress
from core.jobs.queue import JobQueue
from core.jobs.run_list import list_runs
from core.spec import RunSpec
from tests.support.run_store import change_byte
from tests.support.run_writer import RunWriter


@pytest.fixture
def home(digits_home: Home) -> Home:
    return digits_home


@pytest.mark.parametrize("text", ["", "{", "[]", '{"epoch": "three"}'])
def test_partial_progress_file_is_ignored(text: str, home: Home, spec: RunSpec) -> None:
    folder = home.jobs / spec.run_id
    folder.mkdir(parents=True)
    (folder / "progress.json").write_text(text)
    assert read_progress(home, spec.run_id) is None
    assert read_progress(home, "../escape") is None


def test_job_of_an_unknown_version_does_not_hide_the_list(home: Home, spec: RunSpec) -> None:
    JobQueue(home).submit([spec])
    with closing(sqlite3.connect(home.jobs / "queue.sqlite")) as table, table:
        table.execute("""UPDATE job SET spec = '{"wings": 2}'""")
    row = next(row for row in list_runs(home) if row["run_id"] == spec.run_id)
    assert (row["status"], row["params"]) == ("queued", None)


def test_damaged_run_that_is_retrained_is_listed_as_the_job(home: Home) -> None:
    run, queue = RunWriter(home)(), JobQueue(home)

    def status() -> list[str]:
        return [row["status"] for row in list_runs(home) if row["run_id"] == run.run_id]

    queue.submit([run.spec])
    assert status() == ["finished"]
    change_byte(run.path / "predictions.npz", keep_times=False)
    assert status() == ["queued"]
    queue.cancel(run.run_id)
    assert status() == ["finished"]
