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
import pytest

from core.errors import HomeError, RunDamagedError, RunNotFoundError
from core.files import compute_checksum
from core.home import Home
from core.spec import RunSpec
from core.store.index import COLUMNS, Index
from core.store.run import HISTORY, Run, read_history
from core.store.runs import RunStore
from tests.finished_run import RunWriter

ROOT = Path(__file__).resolve().parents[1]
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
    path.unlink()  # as the worker does, so that the folder gets a new time of change
    path.write_text(json.dumps(record))


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
    assert {name: row[name] for name in record.cost.model_dump()} == record.cost.model_dump()
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
    (run.path / "record.json").unlink()
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
    run = make_run()
    content = bytearray((run.path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (run.path / name).write_bytes(content)
    with pytest.raises(RunDamagedError, match="got other bytes"):
        run.artifact(name)


def test_file_that_was_left_out_is_told(make_run: RunWriter) -> None:
    run = make_run()
    assert not run.has("model.tflite")
    with pytest.raises(RunDamagedError, match=r"to hold model\.tflite; got no such file"):
        run.artifact("model.tflite")


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
    (run.path / "record.json").unlink()
    (run.path / "record.json").write_text(text)
    os.utime(store.home.runs)
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
    run = make_run()
    frame = store.frame()
    stamp = run.path.stat()
    (run.path / "record.json").write_text("{")  # in place: the folder keeps its time of change
    os.utime(run.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert reopened(store).frame().equals(frame)


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
        "import sys; from pathlib import Path; from core.home import Home; from tests.finished_run import RunWriter\n"
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
