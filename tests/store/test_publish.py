"""Publishing a run: atomic, and the first of two is kept."""

import shutil
import threading
import time
from pathlib import Path

import pytest

from core.errors import HomeError, RunDamagedError
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.run_store import change_byte, edit_record, ids
from tests.support.run_writer import RunWriter


def working_copy(run: Run, tmp_path: Path) -> Path:
    return shutil.copytree(run.path, tmp_path / "working")


def test_first_of_two_publications_is_kept(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run(accuracy=0.9)
    working = working_copy(run, tmp_path)
    (working / "log.txt").write_text("second")
    assert store.publish(working).path == run.path
    assert not run.has("log.txt")
    assert working.is_dir()


def test_damaged_run_is_replaced_by_a_valid_one(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    working = working_copy(run, tmp_path)
    edit_record(run, lambda record: record.pop("cost"))
    assert store.publish(working).record == run.record
    assert (ids(store), store.damaged()) == ([run.run_id], {})
    assert len(list(store.home.runs.glob(f".damaged-{run.run_id}-*"))) == 1


def test_run_with_a_changed_file_is_replaced_by_a_valid_one(
    store: RunStore, make_run: RunWriter, tmp_path: Path
) -> None:
    run = make_run()
    working = working_copy(run, tmp_path)
    change_byte(run.path / "predictions.npz")
    store.publish(working).verify()
    assert (ids(store), store.path(run.run_id)) == ([run.run_id], run.path)
    assert len(list(store.home.runs.glob(f".damaged-{run.run_id}-*/predictions.npz"))) == 1


def test_publication_is_atomic(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    """Poll while a run is published: a reader sees the complete run or none, never a partial folder."""
    working = working_copy(make_run(), tmp_path)
    run_id = make_run().run_id
    seen: list[bool] = []
    done = threading.Event()

    def poll() -> None:
        while not done.is_set():
            path = store.path(run_id)
            seen.append(path is not None)
            assert path is None or Run.open(path).predictions is not None

    shutil.rmtree(store.home.runs / run_id)
    thread = threading.Thread(target=poll)
    thread.start()
    time.sleep(0.05)
    folder = working.stat().st_ino
    assert store.publish(working).path.stat().st_ino == folder  # moved, not copied
    time.sleep(0.05)
    done.set()
    thread.join()
    assert seen == sorted(seen)
    assert set(seen) == {False, True}


def test_folder_without_a_record_is_not_published(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    working = working_copy(make_run(), tmp_path)
    (working / "record.json").unlink()
    with pytest.raises(RunDamagedError, match=r"^Cannot read record\.json in .*: No such file"):
        store.publish(working)


def test_home_that_cannot_be_written_rejects_a_run(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    working = working_copy(make_run(), tmp_path)
    shutil.rmtree(store.home.runs)
    store.home.runs.write_text("")
    with pytest.raises(HomeError, match=r"^Cannot write run "):
        store.publish(working)
    assert (working / "record.json").is_file()
