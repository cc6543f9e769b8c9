"""Submitting runs: validation before a job is queued."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.datasets.cache import open_dataset
from core.errors import DatasetError, HomeError, JobError, SpecError
from core.home import Home
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.local_executor import read_slots
from core.jobs.progress import read_log, read_progress
from core.jobs.queue import JobQueue
from core.jobs.run_list import list_runs
from core.jobs.submit import check_spec, submit, submit_all
from core.spec import RunSpec
from tests.support.dispatcher import (
    SPEC,
    state,
)


@pytest.fixture
def home(digits_home: Home) -> Home:
    return digits_home


def test_reading_jobs_of_an_empty_home_creates_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "absent")
    assert JobQueue(home).jobs() == []
    assert JobQueue(home).job("0" * 12) is None
    assert read_progress(home, "0" * 12) is None
    assert read_log(home, "0" * 12) == ""
    assert {row["status"] for row in list_runs(home)} <= {"finished"}
    assert not ensure_dispatcher(home)
    assert not home.path.exists()


def test_jobs_of_a_read_only_home_can_be_read(home: Home, spec: RunSpec) -> None:
    JobQueue(home).submit([spec])
    with closing(sqlite3.connect(home.jobs / "queue.sqlite")) as table:
        table.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    home.jobs.chmod(0o555)
    try:
        assert state(home, spec) == "queued"
        assert sorted(path.name for path in home.jobs.iterdir()) == ["queue.sqlite"] or os.geteuid() == 0
    finally:
        home.jobs.chmod(0o755)


def test_check_returns_data_and_parameters_without_a_job(home: Home) -> None:
    pinned, model = check_spec(home, SPEC)
    assert pinned.data == open_dataset(home, "digits").info.fingerprint
    assert model.params == 24_586
    assert not home.jobs.exists()


def test_invalid_spec_rejects_all_runs_of_the_submission(home: Home) -> None:
    with pytest.raises(SpecError, match="Use fewer blocks"):
        submit_all(home, [SPEC, SPEC.replace(blocks=6)])
    with pytest.raises(SpecError, match="Expected train_images between"):
        submit(home, SPEC.replace(train_images=5_000))
    with pytest.raises(DatasetError):
        submit(home, SPEC.replace(data="0" * 16))
    assert not home.jobs.exists()


@pytest.mark.parametrize("text", ["0", "-1", "many", "1025", "1.5", "9" * 30])
def test_invalid_number_of_slots_is_rejected_with_an_error_message(
    text: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_SLOTS", text)
    with pytest.raises(JobError, match="Expected HEADROOM_SLOTS to be an integer between 1 and 1024; got"):
        submit(home, SPEC)
    assert not home.jobs.exists()


def test_slots_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_SLOTS", "7")
    assert read_slots() == 7
    monkeypatch.delenv("HEADROOM_SLOTS")
    assert 1 <= read_slots() <= (os.cpu_count() or 1)


def test_home_that_cannot_be_written_is_reported(home: Home) -> None:
    home.jobs.write_text("a file where a folder should be")
    with pytest.raises(HomeError, match=r"^Cannot read or write .*queue\.sqlite"):
        submit(home, SPEC)
    home.jobs.unlink()


def test_damaged_table_is_reported(home: Home) -> None:
    home.jobs.mkdir()
    (home.jobs / "queue.sqlite").write_bytes(b"no table " * 200)
    with pytest.raises(HomeError, match=r"^Cannot read or write .*queue\.sqlite"):
        JobQueue(home).jobs()
    (home.jobs / "queue.sqlite").unlink()
