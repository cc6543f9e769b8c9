"""The index next to the runs: it follows published, deleted and damaged runs."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from core.displays.json_values import to_rows
from core.errors import HomeError
from core.home import Home
from core.store.index import COLUMNS, Index
from core.store.run_store import RunStore
from tests.support.paths import ROOT
from tests.support.run_store import edit_record, ids, reopened
from tests.support.run_writer import RunWriter


def test_list_follows_published_and_deleted_runs(store: RunStore, make_run: RunWriter) -> None:
    first = make_run(seed=0)
    assert ids(store) == [first.run_id]
    second = make_run(seed=1)
    assert ids(store) == [second.run_id, first.run_id]
    shutil.rmtree(first.path)
    assert ids(store) == [second.run_id]
    assert ids(reopened(store)) == [second.run_id]
    shutil.rmtree(store.home.runs)
    assert ids(store) == []


def test_list_follows_a_run_that_was_deleted_and_retrained(store: RunStore, make_run: RunWriter) -> None:
    ids(store)
    for accuracy in (0.5, 0.9):
        run = make_run(accuracy=accuracy)
        assert store.frame()["test_accuracy"][0] == run.record.metrics.test_accuracy
        assert reopened(store).frame()["test_accuracy"][0] == run.record.metrics.test_accuracy
        shutil.rmtree(run.path)


def test_record_that_is_repaired_is_listed(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    text = (run.path / "record.json").read_text()
    edit_record(run, lambda record: record.pop("cost"))
    assert ids(store) == []
    (run.path / "record.json").write_text(text)
    assert (ids(store), store.damaged()) == ([run.run_id], {})


def test_generation_changes_only_with_the_runs(store: RunStore, make_run: RunWriter) -> None:
    before = store.generation
    run = make_run()
    after = store.generation
    assert after != before
    os.utime(store.home.runs)
    assert store.generation == after
    shutil.rmtree(run.path)
    assert store.generation != after


def _replace_column(index: Index, name: str, value: int) -> pa.Table:
    """Return the table of an index with another value in each row of a column."""
    table = index._table
    assert table is not None
    return table.set_column(table.column_names.index(name), name, [[value] * len(table)])


def test_rows_are_those_of_the_frame(store: RunStore, make_run: RunWriter) -> None:
    """With several runs, a run whose record lacks values, and examples of which one is hidden."""
    runs = [make_run(seed=seed, side=side) for seed, side in ((0, None), (1, 16))]
    shutil.copytree(runs[0].path, store._indexes[1].path / runs[0].run_id)
    shutil.copytree(make_run(seed=2).path, store._indexes[1].path / make_run(seed=2).run_id)
    store.delete(make_run(seed=2).run_id)
    for opened in (store, reopened(store)):  # before and after the index is read from its file
        rows, frame = opened.list_rows(), opened.frame()
        assert rows == to_rows(frame[[*COLUMNS]])
        assert len(rows) == 3
        assert opened.list_ids() == [*frame["run_id"]]
        assert {type(row["epochs"]) for row in rows} == {int}


def test_second_process_reads_the_index_and_no_record(store: RunStore, make_run: RunWriter) -> None:
    make_run()
    store.frame()
    index = store._indexes[0]
    index._save(_replace_column(index, "epochs", 99))  # a value that is in no record
    assert list(reopened(store).frame()["epochs"]) == [99]


@pytest.fixture
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the index settle immediately, as if no run had been published for a while."""
    monkeypatch.setattr("core.store.index._FINE_TICK_SECONDS", 0.0)
    monkeypatch.setattr("core.store.index._TICK_SECONDS", 0.0)


@pytest.mark.usefixtures("_settled")
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"x" + path.read_bytes()[1:]),
        lambda path: os.truncate(path, 100),
        lambda path: os.truncate(path, 0),
    ],
)
def test_record_that_is_overwritten_is_noticed(
    store: RunStore, make_run: RunWriter, damage: Callable[[Path], None]
) -> None:
    whole, run = make_run(seed=0), make_run(seed=1)
    assert ids(store) == [run.run_id, whole.run_id]
    folder = run.path.stat().st_mtime_ns
    damage(run.path / "record.json")
    assert run.path.stat().st_mtime_ns == folder
    end = time.monotonic() + 10
    while len(ids(store)) > 1 and time.monotonic() < end:
        time.sleep(0.01)
    for opened in (store, reopened(store)):
        assert ids(opened) == [whole.run_id]
        assert list(opened.damaged()) == [run.run_id]


@pytest.mark.usefixtures("_settled")
def test_scan_of_every_record_takes_a_small_share_of_the_time(
    store: RunStore, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    monkeypatch.setattr("core.store.index._SCAN_FRACTION", 1e-9)
    ids(store)
    (run.path / "record.json").write_text("{")
    assert ids(store) == [run.run_id]
    assert ids(reopened(store)) == []


@pytest.mark.parametrize("content", [b"", b"no index", b"ARROW1\0\0" + b"\0" * 100, b"SQLite format 3\0", None])
def test_damaged_index_is_rebuilt(store: RunStore, make_run: RunWriter, content: bytes | None) -> None:
    run = make_run()
    frame = store.frame()
    path = store.home.path / "index.feather"
    path.write_bytes(path.read_bytes()[:-50] if content is None else content)
    assert reopened(store).frame().equals(frame)
    path.unlink()
    assert reopened(store).frame().equals(frame)
    assert Index(store.home.runs, path)._load() is None
    assert ids(reopened(store)) == [run.run_id]


def test_index_of_another_version_is_ignored(store: RunStore, make_run: RunWriter) -> None:
    make_run()
    frame = store.frame()
    index = store._indexes[0]
    for other in (_replace_column(index, "version", 1), _replace_column(index, "epochs", 99).drop_columns("params")):
        index._save(other)
        assert reopened(store).frame().equals(frame)


def test_home_that_cannot_be_written_is_listed(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    (store.home.path / "index.feather").mkdir()  # no user can write a file there, not even root
    assert ids(store) == [run.run_id]
    assert ids(reopened(store)) == [run.run_id]


def test_home_whose_runs_are_not_a_folder_is_reported(store: RunStore) -> None:
    store.home.path.mkdir()
    store.home.runs.write_text("")
    with pytest.raises(HomeError, match=r"^Cannot read .*runs: Not a directory\.$"):
        store.frame()


def test_runs_published_by_two_processes_are_all_listed(store: RunStore) -> None:
    program = (
        "import sys; from pathlib import Path; from core.home import Home\n"
        "from tests.support.run_writer import RunWriter\n"
        "write = RunWriter(Home(Path(sys.argv[1])))\n"
        "for seed in range(int(sys.argv[2]), 10, 2): write(seed=seed, predictions=False); write.store.frame()\n"
    )
    command = [sys.executable, "-c", program, str(store.home.path)]
    processes = [subprocess.Popen([*command, str(first)], cwd=ROOT) for first in (0, 1)]
    seen: set[str] = set()
    while any(process.poll() is None for process in processes):
        listed = ids(store)
        assert seen <= set(listed)
        seen = set(listed)
        time.sleep(0.02)
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(store.frame()["seed"]) == sorted(reopened(store).frame()["seed"]) == list(range(10))


def test_threads_may_share_a_store(store: RunStore, make_run: RunWriter) -> None:
    failures: list[Exception] = []
    done = threading.Event()

    def opened() -> None:
        try:
            while not done.is_set():
                frame = store.frame()
                assert frame["run_id"].is_unique
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=opened) for _ in range(3)]
    for thread in threads:
        thread.start()
    for seed in range(10):
        make_run(seed=seed, predictions=False)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.frame()) == 10


def test_no_two_indexes_have_the_same_generation(home: Home, make_run: RunWriter) -> None:
    """A cache with the generation as its key must not return the runs that another index has seen."""
    make_run(head="gap")
    first = RunStore(home).generation
    make_run(head="dense")
    assert not {*first} & {*RunStore(home).generation} - {0}
