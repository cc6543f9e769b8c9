"""A finished run with given contents, written into its folder as a worker would have written them."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files import compute_checksum, write_json
from core.spec import RunSpec
from core.store.evidence import EVIDENCE, touch_record
from core.store.history import HISTORY
from core.store.robustness_file import NAME as ROBUSTNESS
from core.store.run import Run


def rewrite(
    run: Run,
    *,
    predictions: Sequence[int] | NDArray[np.int64] | None = None,
    labels: NDArray[np.int64] | None = None,
    probs: NDArray[np.float32] | None = None,
    classes: Sequence[str] | None = None,
    history: Sequence[Mapping[str, float | None]] | None = None,
    metrics: Mapping[str, float | None] | None = None,
    cost: Mapping[str, float] | None = None,
    data: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Run:
    """Replace test predictions, labels or probabilities, class names, history or parts of the record, and reopen the
    run.

    With other labels it becomes a run without a robustness evaluation. The metrics do not follow the predictions;
    `fields` are those of the record.
    """
    record = json.loads((run.path / "record.json").read_bytes())
    with np.load(run.path / "predictions.npz") as stored:
        arrays = dict(stored)
    if labels is not None:
        arrays["test_labels"] = labels
        targets = hashlib.sha256(labels.astype("<i8").tobytes()).hexdigest()
        record["data"] |= {"test_images": len(labels), "targets": targets}
        arrays["test_probs"] = probs_of(labels, arrays["test_probs"].shape[1])
        record["checksums"].pop(ROBUSTNESS, None)
    if predictions is not None:
        arrays["test_probs"] = probs_of(predictions, arrays["test_probs"].shape[1])
    if probs is not None:
        arrays["test_probs"] = probs
    np.savez(run.path / "predictions.npz", **arrays)
    if history is not None:
        (run.path / "history.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in history))
    for part, values in (("metrics", metrics), ("cost", cost), ("data", data)):
        record[part] |= values or {}
    if classes is not None:
        record["data"]["classes"] = list(classes)
    record |= fields
    record["checksums"] = {name: compute_checksum(run.path / name) for name in record["checksums"]}
    write_json(run.path / "record.json", record)
    return Run.open(run.path)


def without_evidence(run: Run) -> Run:
    """Rewrite the run as one whose robustness and latency of 32 images follow; they are kept for `add_evidence_of`."""
    record = json.loads((run.path / "record.json").read_bytes())
    record["checksums"].pop(ROBUSTNESS, None)
    record["checksums"].setdefault("model.tflite", "0" * 64)
    record["cost"] |= {"latency_32_seconds": None, "latency_32_p95_seconds": None}
    write_json(run.path / "record.json", record | {"evidence": True})
    return Run.open(run.path)


def add_evidence_of(run: Run) -> Run:
    """Add the evidence that `without_evidence` has removed, as measured on the machine of the run."""
    found = {
        "model": run.record.checksums["model.tflite"], "cpu": run.record.cpu, "cores": run.record.cores,
        "latency_32_seconds": 1e-3, "latency_32_p95_seconds": 2e-3,
        "robustness": compute_checksum(run.path / ROBUSTNESS),
    }  # fmt: skip
    write_json(run.path / EVIDENCE, found)
    touch_record(run.path)
    return Run.open(run.path)


def as_kmnist(run: Run, **data: Any) -> Run:
    """Copy the run into a separate folder as if its images were the official KMNIST, which has published results."""
    return as_spec(run, run.spec.replace(dataset="kmnist", data=""), **data)


def as_spec(run: Run, spec: RunSpec, **data: Any) -> Run:
    """Copy the run into a separate folder as if it had another spec."""
    folder = run.path.with_name(spec.run_id)
    shutil.copytree(run.path, folder)
    record = json.loads((folder / "record.json").read_bytes())
    record |= {"run_id": spec.run_id, "spec": spec.canonical()}
    record["data"] |= data
    write_json(folder / "spec.json", spec.canonical())
    record["checksums"]["spec.json"] = compute_checksum(folder / "spec.json")
    write_json(folder / "record.json", record)
    return Run.open(folder)


def with_classes(run: Run, labels: NDArray[np.int64], probs: NDArray[np.float32], classes: Sequence[str]) -> Run:
    """Rewrite the run as if it had another number of classes; its validation probabilities are equal."""
    arrays, count = vars(run.predictions), len(classes)
    uniform = np.full((len(arrays["validation_labels"]), count), 1 / count, np.float32)
    validation = {"validation_probs": uniform, "validation_labels": arrays["validation_labels"] % count}
    np.savez(run.path / "predictions.npz", **{**arrays, **validation})
    return rewrite(run, labels=labels, probs=probs, classes=classes)


def probs_of(predictions: Sequence[int] | NDArray[np.int64], classes: int, prob: float = 0.7) -> NDArray[np.float32]:
    """Return probabilities of shape (images, classes): `prob` for each prediction, the rest shared equally."""
    probs = np.full((len(predictions), classes), (1 - prob) / (classes - 1), dtype=np.float32)
    probs[np.arange(len(predictions)), np.asarray(predictions)] = prob
    return probs


def history_of(epochs: int, top: float = 0.9, seconds: float = 1.0) -> list[dict[str, float | None]]:
    """Return a smooth history: `seconds` per epoch, validation accuracy that approaches `top`."""
    rows = []
    for epoch in range(1, epochs + 1):
        gain = 1 - 0.5**epoch
        values = (epoch, seconds * epoch, 2.3 - 2 * gain, 0.95 * gain, 2.3 - 1.9 * gain, top * gain)
        rows.append(dict(zip(HISTORY, values, strict=True)))
    return rows
