"""The run store: what is listed, what is refused, what other processes and broken disks do to it."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.errors import HomeError, RunDamagedError, RunNotFoundError
from core.files import compute_checksum
from core.home import Home
from core.recipes import RECIPES
from core.spec import RunSpec
from core.store.comparison import Comparison, count_training_images, describe, list_changes, list_offers
from core.store.index import COLUMNS, Index
from core.store.run import HISTORY, Run, _read_checksum, read_history
from core.store.runs import RunStore
from tests.support.paths import ROOT
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

ABSENT = "0123456789ab"


def ids(store: RunStore) -> list[str]:
    return list(store.frame()["run_id"])


def reopened(store: RunStore) -> RunStore:
    """The same runs, seen by a process that has just started."""
    return RunStore(store.home, examples=store._indexes[1].path)


def edit_record(run: Run, change: Callable[[dict[str, Any]], object]) -> None:
    path = run.path / "record.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def change_byte(path: Path) -> None:
    """In its place: size, time of writing and the folder stay as they were."""
    content, stat = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_empty_home_lists_nothing_and_makes_nothing(store: RunStore) -> None:
    frame = store.frame()
    assert (len(frame), list(frame.columns)) == (0, [*COLUMNS, "source"])
    assert store.damaged() == {}
    assert not store.home.path.exists()


def test_empty_list_has_the_types_of_a_full_one(store: RunStore, make_run: RunWriter) -> None:
    empty = store.frame().dtypes
    make_run()
    assert (store.frame().dtypes == empty).all()


def test_finished_run_is_listed_with_its_knobs_metrics_and_costs(store: RunStore, make_run: RunWriter) -> None:
    run = make_run(head="dense", seed=4)
    row = store.frame().iloc[0].to_dict()
    record = run.record
    knobs = run.spec.model_dump(exclude={"train_images"})
    assert {name: row[name] for name in knobs} == knobs
    costs = record.cost.model_dump(exclude_none=True)
    assert {name: row[name] for name in costs} == costs
    assert row["targets"] == record.data.targets
    assert {name: row[name] for name in record.metrics.model_dump()} == record.metrics.model_dump()
    assert (row["run_id"], row["recipe"], row["source"]) == (run.run_id, "digits-heads", "home")
    assert row["finished_at"] == record.finished_at


def test_newest_run_stands_first_in_any_process(store: RunStore, make_run: RunWriter) -> None:
    runs = [make_run(seed=seed).run_id for seed in range(6)]
    assert ids(store) == runs[::-1]
    assert ids(reopened(store)) == runs[::-1]


def test_what_a_caller_writes_into_the_list_stays_the_callers(store: RunStore, make_run: RunWriter) -> None:
    make_run()
    frame = store.frame()
    frame.loc[0, "epochs"] = 99
    assert list(store.frame()["epochs"]) == [3]


def test_interrupted_run_is_not_listed(store: RunStore, make_run: RunWriter) -> None:
    whole, interrupted = make_run(seed=0), make_run(seed=1)
    (interrupted.path / "record.json").unlink()
    assert ids(store) == [whole.run_id]
    assert list(store.damaged()) == [interrupted.run_id]
    assert store.path(interrupted.run_id) is None
    with pytest.raises(RunNotFoundError):
        store.open(interrupted.run_id)


DAMAGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "other id": (lambda r: r.update(run_id=ABSENT), "got another spec"),
    "other spec": (lambda r: r["spec"].update(epochs=9), "got another spec"),
    "knob out of bounds": (lambda r: r["spec"].update(epochs=0), "Expected epochs between 1 and 1000; got 0"),
    "head of a newer version": (lambda r: r["spec"].update(head="capsule"), "Expected head to be one of"),
    "knob of a newer version": (lambda r: r["spec"].update(rotation=3), "Expected only known settings"),
    "no metrics": (lambda r: r.pop("metrics"), "metrics: Field required"),
    "no number": (lambda r: r["metrics"].update(test_accuracy="high"), "metrics.test_accuracy"),
    "not finite": (lambda r: r["cost"].update(train_seconds=float("inf")), "cost.train_seconds"),
    "accuracy above one": (lambda r: r["metrics"].update(test_accuracy=1.5), "metrics.test_accuracy"),
    "count beyond any machine": (lambda r: r["cost"].update(params=10**30), "cost.params"),
    "negative count": (lambda r: r["cost"].update(flops=-1), "cost.flops"),
    "no time": (lambda r: r.update(finished_at="yesterday"), "finished_at"),
    "no time zone": (lambda r: r.update(finished_at="2026-01-01T00:00:00"), "not a time in UTC"),
    "no shape": (lambda r: r["data"].update(input_shape=[]), "data.input_shape"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_record_that_cannot_be_trusted_is_told(store: RunStore, make_run: RunWriter, damage: str) -> None:
    change, told = DAMAGES[damage]
    run = make_run()
    edit_record(run, change)
    assert ids(store) == []
    assert told in store.damaged()[run.run_id]
    with pytest.raises(RunDamagedError) as caught:
        store.open(run.run_id)
    assert str(caught.value) == store.damaged()[run.run_id]
    assert run.run_id in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"run_id": NaN}'])
def test_record_that_is_no_record_is_told(store: RunStore, make_run: RunWriter, text: bytes) -> None:
    run = make_run()
    (run.path / "record.json").write_bytes(text)
    assert ids(store) == []
    assert store.damaged()[run.run_id].startswith(f"Expected run '{run.run_id}' to have a valid record.json; got ")


def test_record_that_is_a_folder_is_told(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    (run.path / "record.json").unlink()
    (run.path / "record.json").mkdir()
    assert ids(store) == []
    assert "Is a directory" in store.damaged()[run.run_id]


def test_record_of_another_run_is_told(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    shutil.copytree(run.path, run.path.with_name(ABSENT))
    assert ids(store) == [run.run_id]
    assert f"got that of {run.run_id}" in store.damaged()[ABSENT]


@pytest.mark.parametrize(
    "name",
    [
        "notes",
        "%s",
        "'; DROP TABLE row; --",
        "a\nb",
        "ümläut",
        "<b>",
        "x" * 200,
        b"\xff\xfe".decode(errors="surrogateescape"),
    ],
)
def test_folder_with_a_hostile_name_is_told_and_not_listed(store: RunStore, make_run: RunWriter, name: str) -> None:
    run = make_run()
    (store.home.runs / name).mkdir()
    assert ids(store) == [run.run_id]
    sentence = store.damaged()[name]
    assert "\n" not in sentence
    sentence.encode()


def test_files_and_hidden_folders_among_the_runs_are_passed_over(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    (store.home.runs / "notes.txt").write_text("mine")
    (store.home.runs / ".trash").mkdir()
    (store.home.runs / "dangling").symlink_to("nowhere")
    assert (ids(store), store.damaged()) == ([run.run_id], {})


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "../runs", "/etc", "a/b", "\0", "ABCDEF012345", "٠" * 12, ABSENT + "\n"]
)
def test_id_that_is_none_opens_nothing(store: RunStore, make_run: RunWriter, run_id: str) -> None:
    make_run()
    assert store.path(run_id) is None
    for look in (store.open, store.find):
        with pytest.raises(RunNotFoundError, match="Expected the id of a finished run"):
            look(run_id)


def test_truncated_predictions_are_told(make_run: RunWriter) -> None:
    run = make_run()
    path = run.path / "predictions.npz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(
        RunDamagedError, match=r"Expected predictions\.npz of run .* as it was written; got other bytes"
    ):
        _ = run.predictions


@pytest.mark.parametrize("name", ["predictions.npz", "history.jsonl"])
def test_one_changed_byte_is_told(make_run: RunWriter, name: str) -> None:
    run = make_run(head="dense", seed=3)
    run.artifact(name)
    change_byte(run.path / name)
    with pytest.raises(RunDamagedError) as caught:
        run.artifact(name)
    assert str(caught.value) == (
        f"Expected {name} of run {run.run_id} as it was written; got other bytes; train it again with: "
        "python -m core train --recipe digits-heads --heads dense --epochs 3 --seed 3"
    )


def test_file_that_cannot_be_read_is_told(make_run: RunWriter) -> None:
    run = make_run()
    unreadable = Path("/proc/self/mem")  # at its begin, also for root
    if not unreadable.exists():
        pytest.skip("needs a file that nobody can read: /proc is not there")
    (run.path / "history.jsonl").unlink()
    (run.path / "history.jsonl").symlink_to(unreadable)
    with pytest.raises(
        RunDamagedError, match=r"Expected to be able to read history\.jsonl .*; got: Input/output error"
    ):
        run.artifact("history.jsonl")


def test_run_with_a_changed_file_is_opened_and_not_whole(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    assert store.path(run.run_id) == run.path
    change_byte(run.path / "predictions.npz")
    assert store.path(run.run_id) is None
    assert (ids(store), store.open(run.run_id).record) == ([run.run_id], run.record)


def test_unchanged_files_are_read_once(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    store.path(run.run_id)
    read = _read_checksum.cache_info().misses
    assert reopened(store).path(run.run_id) == run.path
    assert _read_checksum.cache_info().misses == read
    os.utime(run.path / "history.jsonl")
    assert store.path(run.run_id) == run.path
    assert _read_checksum.cache_info().misses == read + 1


def test_file_that_was_left_out_is_told(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    (run.path / "model.tflite").write_bytes(b"a model")
    edit_record(run, lambda r: r["checksums"].update({"model.tflite": compute_checksum(run.path / "model.tflite")}))
    (run.path / "model.tflite").unlink()
    assert not run.has("model.tflite")
    with pytest.raises(RunDamagedError, match=r"to hold model\.tflite; got no such file\.$"):
        Run.open(run.path).artifact("model.tflite")
    assert store.path(run.run_id) == run.path
    (run.path / "predictions.npz").unlink()
    assert store.path(run.run_id) is None
    with pytest.raises(RunDamagedError, match=r"to hold predictions\.npz; got no such file; train it again with: "):
        _ = run.predictions


def resigned(run: Run, name: str, content: bytes) -> Run:
    """The run with another file and the checksum that fits: somebody meant it."""
    (run.path / name).write_bytes(content)
    edit_record(run, lambda record: record["checksums"].update({name: compute_checksum(run.path / name)}))
    return Run.open(run.path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY"])
def test_predictions_that_are_no_archive_are_told(make_run: RunWriter, content: bytes) -> None:
    with pytest.raises(RunDamagedError, match="Expected readable predictions"):
        _ = resigned(make_run(), "predictions.npz", content).predictions


def test_predictions_that_do_not_fit_the_record_are_told(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    arrays = vars(run.predictions)
    np.savez(tmp_path / "other.npz", **{**arrays, "test_probs": arrays["test_probs"][:5]})
    with pytest.raises(RunDamagedError, match=r"Expected test predictions of shape \(360, 10\)"):
        _ = resigned(run, "predictions.npz", (tmp_path / "other.npz").read_bytes()).predictions


def test_pickled_predictions_are_not_executed(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    np.savez(tmp_path / "other.npz", **{**vars(run.predictions), "test_probs": np.array([Path], dtype=object)})
    with pytest.raises(RunDamagedError, match="pickle"):
        _ = resigned(run, "predictions.npz", (tmp_path / "other.npz").read_bytes()).predictions


@pytest.mark.parametrize("content", [b"3\n", b'{"epoch": "one"}\n', b"\xff\n"])
def test_history_that_is_none_is_told(make_run: RunWriter, content: bytes) -> None:
    with pytest.raises(RunDamagedError, match="Expected a readable history"):
        _ = resigned(make_run(), "history.jsonl", content).history


def test_history_has_a_row_an_epoch(make_run: RunWriter) -> None:
    history = make_run(epochs=7).history
    assert list(history.columns) == list(HISTORY)
    assert list(history["epoch"]) == [1, 2, 3, 4, 5, 6, 7]


def test_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert len(read_history(path)) == 0
    line = json.dumps(dict.fromkeys(HISTORY, 1))
    path.write_text(f"{line}\n{line[:20]}")
    assert len(read_history(path)) == 1


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


def test_list_follows_a_run_that_was_deleted_and_trained_again(store: RunStore, make_run: RunWriter) -> None:
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


def test_generation_changes_with_the_runs_and_only_then(store: RunStore, make_run: RunWriter) -> None:
    before = store.generation
    run = make_run()
    after = store.generation
    assert after != before
    os.utime(store.home.runs)
    assert store.generation == after
    shutil.rmtree(run.path)
    assert store.generation != after


def test_second_process_reads_the_index_and_no_record(store: RunStore, make_run: RunWriter) -> None:
    make_run()
    store.frame()
    index = store._indexes[0]
    assert index.file is not None
    index.frame.assign(epochs=99).to_feather(index.file)  # what no record says
    assert list(reopened(store).frame()["epochs"]) == [99]


@pytest.fixture
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing had been published for a while."""
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
def test_record_that_changes_in_its_place_is_noticed(
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
    for look in (store, reopened(store)):
        assert ids(look) == [whole.run_id]
        assert list(look.damaged()) == [run.run_id]


@pytest.mark.usefixtures("_settled")
def test_looking_at_every_record_takes_a_small_share_of_the_time(
    store: RunStore, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    monkeypatch.setattr("core.store.index._LOOKING_SHARE", 1e-9)
    ids(store)
    (run.path / "record.json").write_text("{")
    assert ids(store) == [run.run_id]
    assert ids(reopened(store)) == []


@pytest.mark.parametrize("content", [b"", b"no index", b"ARROW1\0\0" + b"\0" * 100, b"SQLite format 3\0", None])
def test_damaged_index_is_made_anew(store: RunStore, make_run: RunWriter, content: bytes | None) -> None:
    run = make_run()
    frame = store.frame()
    path = store.home.path / "index.feather"
    path.write_bytes(path.read_bytes()[:-50] if content is None else content)
    assert reopened(store).frame().equals(frame)
    path.unlink()
    assert reopened(store).frame().equals(frame)
    assert Index(store.home.runs, path)._load() is None
    assert ids(reopened(store)) == [run.run_id]


def test_index_of_another_version_is_not_believed(store: RunStore, make_run: RunWriter) -> None:
    make_run()
    frame = store.frame()
    index = store._indexes[0]
    assert index.file is not None
    for other in (index.frame.assign(version=1, epochs=99), index.frame.assign(epochs=99).drop(columns="params")):
        other.to_feather(index.file)
        assert reopened(store).frame().equals(frame)


def test_home_that_cannot_be_written_is_listed(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    (store.home.path / "index.feather").mkdir()  # nobody can write a file there, not even root
    assert ids(store) == [run.run_id]
    assert ids(reopened(store)) == [run.run_id]


def test_home_whose_runs_are_no_folder_is_told(store: RunStore) -> None:
    store.home.path.mkdir()
    store.home.runs.write_text("")
    with pytest.raises(HomeError, match=r"Expected to be able to read .*runs; got: Not a directory"):
        store.frame()


def test_runs_that_two_processes_publish_are_all_listed(store: RunStore) -> None:
    program = (
        "import sys; from pathlib import Path; from core.home import Home\n"
        "from tests.support.run_writer import RunWriter\n"
        "write = RunWriter(Home(Path(sys.argv[1])))\n"
        "for seed in range(int(sys.argv[2]), 24, 2): write(seed=seed, predictions=False); write.store.frame()\n"
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
    assert sorted(store.frame()["seed"]) == sorted(reopened(store).frame()["seed"]) == list(range(24))


def test_threads_may_share_a_store(store: RunStore, make_run: RunWriter) -> None:
    failures: list[Exception] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.is_set():
                frame = store.frame()
                assert frame["run_id"].is_unique
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for seed in range(10):
        make_run(seed=seed, predictions=False)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.frame()) == 10


@pytest.fixture
def beside(store: RunStore, make_run: RunWriter, tmp_path: Path) -> tuple[RunStore, Run, Run]:
    """A store with an example, the example's twin in the home, and that example."""
    other = RunWriter(Home(tmp_path / "other"))
    example = other(seed=7, accuracy=0.5)
    return RunStore(store.home, examples=other.home.runs), make_run(seed=7, accuracy=0.9), example


def test_run_of_the_home_hides_its_example_twin(beside: tuple[RunStore, Run, Run]) -> None:
    store, mine, _ = beside
    assert list(store.frame()["source"]) == ["home"]
    assert store.open(mine.run_id).path == mine.path
    shutil.rmtree(mine.path)
    assert list(store.frame()["source"]) == ["example"]


def test_example_answers_for_a_damaged_twin(beside: tuple[RunStore, Run, Run]) -> None:
    store, mine, example = beside
    edit_record(mine, lambda record: record.pop("cost"))
    assert list(store.frame()["source"]) == ["example"]
    assert store.path(mine.run_id) == store.open(mine.run_id).path == example.path
    assert list(store.damaged()) == [mine.run_id]


def test_nothing_is_written_beside_the_examples(beside: tuple[RunStore, Run, Run]) -> None:
    store, _, example = beside
    store.frame()
    assert not (example.path.parent.parent / "index.feather").exists()
    assert [path.name for path in example.path.parent.iterdir()] == [example.run_id]


def working_copy(run: Run, tmp_path: Path) -> Path:
    return shutil.copytree(run.path, tmp_path / "working")


def test_first_of_two_publications_stays(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run(accuracy=0.9)
    working = working_copy(run, tmp_path)
    (working / "log.txt").write_text("second")
    assert store.publish(working).path == run.path
    assert not run.has("log.txt")
    assert working.is_dir()


def test_damaged_run_gives_way_to_a_sound_one(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    working = working_copy(run, tmp_path)
    edit_record(run, lambda record: record.pop("cost"))
    assert store.publish(working).record == run.record
    assert (ids(store), store.damaged()) == ([run.run_id], {})
    assert len(list(store.home.runs.glob(f".damaged-{run.run_id}-*"))) == 1


def test_run_with_a_changed_file_gives_way_to_a_whole_one(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    working = working_copy(run, tmp_path)
    change_byte(run.path / "predictions.npz")
    store.publish(working).verify()
    assert (ids(store), store.path(run.run_id)) == ([run.run_id], run.path)
    assert len(list(store.home.runs.glob(f".damaged-{run.run_id}-*/predictions.npz"))) == 1


def test_publication_is_one_step(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    """Who looks all the time sees a whole run or none, and never a folder that is damaged."""
    working = working_copy(make_run(), tmp_path)
    run_id = make_run().run_id
    seen: list[bool] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            path = store.path(run_id)
            seen.append(path is not None)
            assert path is None or Run.open(path).predictions is not None

    shutil.rmtree(store.home.runs / run_id)
    thread = threading.Thread(target=look)
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
    with pytest.raises(RunDamagedError, match=r"to hold a record\.json; got: No such file"):
        store.publish(working)


def test_home_that_cannot_be_written_refuses_a_run(store: RunStore, make_run: RunWriter, tmp_path: Path) -> None:
    working = working_copy(make_run(), tmp_path)
    shutil.rmtree(store.home.runs)
    store.home.runs.write_text("")
    with pytest.raises(HomeError, match="Expected to publish run"):
        store.publish(working)
    assert (working / "record.json").is_file()


def test_run_is_found_by_the_beginning_of_its_id(store: RunStore, make_run: RunWriter) -> None:
    runs = {make_run(seed=seed, predictions=False).run_id for seed in range(17)}
    for run_id in runs:
        assert store.find(run_id).run_id == run_id
        alone = next(run_id[:n] for n in range(1, 13) if sum(other.startswith(run_id[:n]) for other in runs) == 1)
        assert store.find(alone).run_id == run_id
    shared = next(digit for digit in "0123456789abcdef" if sum(run_id.startswith(digit) for run_id in runs) > 1)
    with pytest.raises(RunNotFoundError, match=f"Expected an id that fits one run; got '{shared}', which fits "):
        store.find(shared)


def test_runs_are_opened_in_the_order_asked_for(store: RunStore, make_run: RunWriter) -> None:
    runs = [make_run(seed=seed).run_id for seed in range(3)]
    assert [run.run_id for run in store.open_all(runs[::-1])] == runs[::-1]


def test_run_without_a_recipe_is_listed(store: RunStore, make_run: RunWriter) -> None:
    run = make_run(RunSpec(train_images=100, epochs=1))
    row = store.frame().iloc[0]
    assert (row["run_id"], row["train_images"], row["fitted_images"]) == (run.run_id, 100, 80)


@pytest.mark.parametrize("lost", ["test_loss", "validation_loss"])
def test_run_that_diverged_is_listed_without_its_loss(store: RunStore, make_run: RunWriter, lost: str) -> None:
    run = make_run()
    edit_record(run, lambda record: record["metrics"].update({lost: None}))
    assert store.frame()[lost].isna().all()
    assert getattr(store.open(run.run_id).record.metrics, lost) is None


# What may be compared, and what is offered first

OWN = RunSpec(epochs=25)
TRIAL = RunSpec(epochs=1, train_images=100)


def first_offer(store: RunStore) -> set[str]:
    return set(list_offers(store.frame())[0].run_ids)


def pair(make_run: RunWriter, spec: RunSpec, seeds: int = 1) -> set[str]:
    runs = [make_run(spec, head=head, seed=seed) for seed in range(seeds) for head in ("gap", "dense")]
    return {run.run_id for run in runs}


def test_quick_trial_does_not_displace_a_finished_report(store: RunStore, make_run: RunWriter) -> None:
    report = pair(make_run, OWN)
    pair(make_run, TRIAL)
    assert first_offer(store) == report


def test_one_head_does_not_displace_a_comparison_of_two(store: RunStore, make_run: RunWriter) -> None:
    trial = pair(make_run, TRIAL)
    make_run(OWN, head="gap")
    assert first_offer(store) == trial


def test_own_settings_go_before_more_seeds(store: RunStore, make_run: RunWriter) -> None:
    report = pair(make_run, OWN)
    pair(make_run, TRIAL, seeds=3)
    assert first_offer(store) == report


def test_official_data_goes_before_more_seeds(store: RunStore, make_run: RunWriter) -> None:
    cut = [make_run(OWN, head=head, seed=seed) for seed in range(2) for head in ("gap", "dense")]
    frame = store.frame().assign(official=False)
    frame.loc[:, "data"] = "0" * 16
    official = frame[frame["seed"] == 0].assign(data="1" * 16, official=True)
    official["run_id"] = [f"{n:012x}" for n in range(2)]
    offers = list_offers(pd.concat([frame, official]))
    assert [set(offer.run_ids) for offer in offers] == [set(official["run_id"]), {run.run_id for run in cut}]


def test_most_seeds_that_two_heads_have_go_first(store: RunStore, make_run: RunWriter) -> None:
    report = pair(make_run, RunSpec(epochs=3), seeds=2)
    pair(make_run, RunSpec(epochs=4))
    for seed in range(1, 3):
        make_run(RunSpec(epochs=4), head="gap", seed=seed)
    assert first_offer(store) == report


def test_third_head_does_not_take_a_report_from_its_place(store: RunStore, make_run: RunWriter) -> None:
    report = pair(make_run, OWN, seeds=2) | {make_run(OWN, head="flatten").run_id}
    frame = store.frame().assign(dataset="fashion_mnist", recipe="fashion-heads")
    other = frame[(frame["seed"] == 0) & (frame["head"] != "flatten")]
    offers = list_offers(pd.concat([other, store.frame()]))
    assert [offer.label for offer in offers] == ["digits-heads", "fashion-heads"]
    assert set(offers[0].run_ids) == report


def test_of_equal_offers_the_newest_goes_first(store: RunStore, make_run: RunWriter) -> None:
    for epochs in (3, 5, 4):
        pair(make_run, RunSpec(epochs=epochs))
    labels = [offer.label for offer in list_offers(store.frame())]
    assert labels == [f"digits-heads · {epochs} epochs" for epochs in (4, 5, 3)]


def test_offer_knows_whether_its_settings_are_the_recipes_own(store: RunStore, make_run: RunWriter) -> None:
    pair(make_run, OWN)
    pair(make_run, TRIAL)
    assert [(offer.label, offer.own) for offer in list_offers(store.frame())] == [
        ("digits-heads", True),
        ("digits-heads · 100 training images · 1 epoch", False),
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("epochs", 1, "1 epoch"),
        ("epochs", 1000, "1,000 epochs"),
        ("train_images", None, "all training images"),
        ("train_images", 1437, "1,437 training images"),
        ("batch_size", 50, "batch size 50"),
        ("units", 1, "1 dense unit"),
        ("dropout", 0.5, "dropout 0.5"),
        ("seed", 2, "seed 2"),
    ],
)
def test_setting_is_said_in_words(name: str, value: object, words: str) -> None:
    assert describe(name, value) == words


def test_changes_name_what_is_not_as_in_the_recipe(make_run: RunWriter) -> None:
    recipe = RECIPES["digits-heads"]
    own = Comparison.of(make_run(OWN, head=head, seed=seed) for head in ("gap", "dense") for seed in (0, 1))
    assert list_changes(recipe, own.contenders) == {}
    other = Comparison.of([make_run(TRIAL, head="gap"), make_run(TRIAL, head="dense", epochs=2, units=32)])
    assert list_changes(recipe, other.contenders) == {
        "train_images": "100 training images instead of all",
        "units": "32 dense units instead of 256",
        "epochs": "1 epoch and 2 epochs instead of 25",
    }


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ({}, 1437),
        ({"train_count": None}, 1437),
        ({"train_count": None, "official": False}, None),
        ({"train_count": 5000, "official": False}, 5000),
    ],
)
def test_size_of_the_data_behind_a_subset_is_known_or_not(
    make_run: RunWriter, data: dict[str, Any], count: int | None
) -> None:
    assert count_training_images(rewrite(make_run(TRIAL), data=data)) == count
    assert count_training_images(rewrite(make_run(OWN), data={**data, "train_count": None})) == 1437


def test_one_run_on_other_data_makes_the_comparison_unofficial(make_run: RunWriter) -> None:
    runs = [make_run(head="gap"), rewrite(make_run(head="dense"), data={"official": False})]
    assert not Comparison.of(runs).official
