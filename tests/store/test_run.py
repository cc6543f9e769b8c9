"""The files of a run: truncated, changed, missing or invalid."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from core.errors import RunDamagedError
from core.files import compute_checksum
from core.store.history import HISTORY, read_history
from core.store.run import Run, _read_checksum
from core.store.run_store import RunStore
from tests.support.run_store import change_byte, edit_record, ids, reopened
from tests.support.run_writer import RunWriter


def test_truncated_predictions_are_rejected(make_run: RunWriter) -> None:
    run = make_run()
    path = run.path / "predictions.npz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RunDamagedError, match=r"^predictions\.npz of run .* is damaged \(checksum mismatch\)\. "):
        _ = run.predictions


@pytest.mark.parametrize("name", ["predictions.npz", "history.jsonl"])
def test_one_changed_byte_is_rejected(make_run: RunWriter, name: str) -> None:
    run = make_run(head="dense", seed=3)
    run.artifact(name)
    change_byte(run.path / name)
    with pytest.raises(RunDamagedError) as caught:
        run.artifact(name)
    assert str(caught.value) == (
        f"{name} of run {run.run_id} is damaged (checksum mismatch). "
        "Delete the run on the Runs page, or train it again: "
        "headroom train --recipe digits-heads --heads dense --epochs 3 --seed 3"
    )


def test_unreadable_file_is_reported(make_run: RunWriter) -> None:
    run = make_run()
    unreadable = Path("/proc/self/mem")  # at its beginning, also for root
    if not unreadable.exists():
        pytest.skip("needs an unreadable file, but /proc does not exist")
    (run.path / "history.jsonl").unlink()
    (run.path / "history.jsonl").symlink_to(unreadable)
    with pytest.raises(RunDamagedError, match=r"^Cannot read history\.jsonl of run .*: Input/output error\. Delete "):
        run.artifact("history.jsonl")


def test_run_with_a_changed_file_opens_but_fails_verification(store: RunStore, make_run: RunWriter) -> None:
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


def test_missing_file_is_reported(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    (run.path / "model.tflite").write_bytes(b"a model")
    edit_record(run, lambda r: r["checksums"].update({"model.tflite": compute_checksum(run.path / "model.tflite")}))
    (run.path / "model.tflite").unlink()
    assert not run.has("model.tflite")
    with pytest.raises(RunDamagedError, match=r"does not contain model\.tflite\.$"):
        Run.open(run.path).artifact("model.tflite")
    assert store.path(run.run_id) == run.path
    (run.path / "predictions.npz").unlink()
    assert store.path(run.run_id) is None
    with pytest.raises(RunDamagedError, match=r"does not contain predictions\.npz\. Delete .*train it again: "):
        _ = run.predictions


def resigned(run: Run, name: str, content: bytes) -> Run:
    """Replace a file of the run together with its checksum, as an intentional change does."""
    (run.path / name).write_bytes(content)
    edit_record(run, lambda record: record["checksums"].update({name: compute_checksum(run.path / name)}))
    return Run.open(run.path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY"])
def test_predictions_that_are_not_an_archive_are_rejected(make_run: RunWriter, content: bytes) -> None:
    with pytest.raises(RunDamagedError, match=r"^predictions\.npz of run .* cannot be read: "):
        _ = resigned(make_run(), "predictions.npz", content).predictions


def test_predictions_that_do_not_match_the_record_are_rejected(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    arrays = vars(run.predictions)
    np.savez(tmp_path / "other.npz", **{**arrays, "test_probs": arrays["test_probs"][:5]})
    with pytest.raises(RunDamagedError, match=r"test_probs has shape \(5, 10\) instead of 360 × 10"):
        _ = resigned(run, "predictions.npz", (tmp_path / "other.npz").read_bytes()).predictions


def test_pickled_predictions_are_not_executed(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    np.savez(tmp_path / "other.npz", **{**vars(run.predictions), "test_probs": np.array([Path], dtype=object)})
    with pytest.raises(RunDamagedError, match="test_probs has dtype"):
        _ = resigned(run, "predictions.npz", (tmp_path / "other.npz").read_bytes()).predictions


@pytest.mark.parametrize("content", [b"3\n", b'{"epoch": "one"}\n', b"\xff\n"])
def test_invalid_history_is_rejected(make_run: RunWriter, content: bytes) -> None:
    with pytest.raises(RunDamagedError, match=r"^history\.jsonl of run .* cannot be read: "):
        _ = resigned(make_run(), "history.jsonl", content).history


def test_history_has_one_row_per_epoch(make_run: RunWriter) -> None:
    history = make_run(epochs=7).history
    assert list(history.columns) == list(HISTORY)
    assert list(history["epoch"]) == [1, 2, 3, 4, 5, 6, 7]


def test_incomplete_last_line_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert len(read_history(path)) == 0
    line = json.dumps(dict.fromkeys(HISTORY, 1))
    path.write_text(f"{line}\n{line[:20]}")
    assert len(read_history(path)) == 1
