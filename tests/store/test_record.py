"""The record of a run: damaged, hostile, or of another run."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import RunDamagedError
from core.store.run_store import RunStore
from tests.support.run_store import ABSENT, edit_record, ids
from tests.support.run_writer import RunWriter

DAMAGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "other id": (lambda r: r.update(run_id=ABSENT), "its spec does not match its run ID"),
    "other spec": (lambda r: r["spec"].update(epochs=9), "its spec does not match its run ID"),
    "setting out of bounds": (lambda r: r["spec"].update(epochs=0), "Expected epochs between 1 and 1000; got 0"),
    "head of a newer version": (lambda r: r["spec"].update(head="capsule"), "Unknown head 'capsule'. Choose one of: "),
    "setting of a newer version": (lambda r: r["spec"].update(rotation=3), "Unknown setting 'rotation'"),
    "no metrics": (lambda r: r.pop("metrics"), "metrics is missing"),
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
def test_invalid_record_is_rejected(store: RunStore, make_run: RunWriter, damage: str) -> None:
    change, message = DAMAGES[damage]
    run = make_run()
    edit_record(run, change)
    assert ids(store) == []
    assert message in store.damaged()[run.run_id]
    with pytest.raises(RunDamagedError) as caught:
        store.open(run.run_id)
    assert str(caught.value) == store.damaged()[run.run_id]
    assert run.run_id in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"run_id": NaN}'])
def test_file_that_is_not_a_record_is_rejected(store: RunStore, make_run: RunWriter, text: bytes) -> None:
    run = make_run()
    (run.path / "record.json").write_bytes(text)
    assert ids(store) == []
    assert store.damaged()[run.run_id].startswith(f"record.json of run '{run.run_id}' is invalid: ")


def test_record_that_is_a_folder_is_rejected(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    (run.path / "record.json").unlink()
    (run.path / "record.json").mkdir()
    assert ids(store) == []
    assert "Is a directory" in store.damaged()[run.run_id]


def test_record_of_another_run_is_rejected(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    shutil.copytree(run.path, run.path.with_name(ABSENT))
    assert ids(store) == [run.run_id]
    assert f"belongs to run {run.run_id}." in store.damaged()[ABSENT]
