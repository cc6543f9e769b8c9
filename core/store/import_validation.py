"""Validation of imported run folders: each file must be one that a worker could have written."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BundleError, HeadroomError, RunDamagedError
from core.files import parse_json, read_file
from core.image_file import read_picture
from core.spec import RunSpec
from core.store.activation_maps import read_maps
from core.store.kept_epoch import choose_epoch
from core.store.metrics import compute_content, compute_metrics, compute_targets
from core.store.run import LAST_PREDICTIONS, Run, finite
from core.store.thumbnail import FINGERPRINT

MAX_BYTES = {
    "record.json": 2_000_000,
    "spec.json": 100_000,
    "environment.json": 100_000,
    "layers.json": 2_000_000,
    "config.json": 4_000_000,
    "history.jsonl": 2_000_000,
    "augmentation.png": 20_000_000,
    "predictions.npz": 500_000_000,
    "predictions-last.npz": 500_000_000,
    "maps.npz": 50_000_000,
    "robustness.npz": 50_000_000,
    "evidence.json": 100_000,
    "model.keras": 4_000_000_000,
    "model.tflite": 2_000_000_000,
    "last.keras": 4_000_000_000,
}
"""Maximum size in bytes of each exported file. Logs are not exported, because they contain paths of a machine."""

MODELS = ("model.keras", "model.tflite", "last.keras")

_CLOSE = 1e-4


def check_run(folder: Path) -> Run:
    """Open and validate a run folder, except its models. The sizes of its files must be within MAX_BYTES.

    Raises:
        BundleError: when a file is invalid.
    """
    try:
        run = Run.open(folder)
        _check_record(run)
        run.verify()
        for name in sorted(run.record.checksums):
            if run.has(name) and name not in MODELS:
                _CHECKS[name](run)
    except HeadroomError as error:
        raise BundleError(error.problem if isinstance(error, RunDamagedError) else str(error)) from None
    except ValueError as error:
        raise BundleError(f"Run {folder.name} in the bundle is invalid: {error}.") from None
    return run


def _check_record(run: Run) -> None:
    """Check that the record matches its spec, and that its files are those of a run."""
    record = run.record
    unexpected = sorted(set(record.checksums) - {*MAX_BYTES, "log.txt"} | ({"record.json"} & set(record.checksums)))
    if unexpected:
        raise ValueError(f"unexpected file {unexpected[0]!r:.60} in its record")
    data = record.data
    if not re.fullmatch(FINGERPRINT, data.fingerprint) or run.spec.data not in ("", data.fingerprint):
        raise ValueError(f"the dataset fingerprint {data.fingerprint!r:.60} does not match its spec")
    if len(data.classes) < 2:
        raise ValueError("it has fewer than 2 classes")
    if record.elsewhere:
        _check_elsewhere(run)
        return
    if run.model.params != record.cost.params:
        raise ValueError(f"{record.cost.params:,} parameters do not match its spec ({run.model.params:,} parameters)")
    if not 1 <= record.trained_epochs <= run.spec.epochs:
        raise ValueError(f"{record.trained_epochs:,} trained epochs do not match its spec ({run.spec.epochs:,} epochs)")
    if (run.spec.keep == "last") != (record.kept_epoch is None) or record.measured_epoch > record.trained_epochs:
        raise ValueError(f"the kept epoch {record.kept_epoch} does not match its spec or its trained epochs")


def _check_elsewhere(run: Run) -> None:
    """Check the record of a run that was trained elsewhere: its ID is that of its content."""
    record, rows = run.record, run.model.rows
    if run.spec.content != compute_content(record.checksums, record.data.classes):
        raise ValueError("its run ID does not match its content")
    if "predictions.npz" not in record.checksums:
        raise ValueError("it has no predictions")
    if rows and record.cost.params != run.model.params:
        raise ValueError(f"{record.cost.params} parameters do not match its layers ({run.model.params:,} parameters)")
    if record.measured_epoch > record.trained_epochs:
        raise ValueError(f"the kept epoch {record.kept_epoch} does not match its trained epochs")


def _check_spec(run: Run) -> None:
    values = _read_json(run, "spec.json")
    if not isinstance(values, dict) or RunSpec.parse(values).run_id != run.run_id:
        raise ValueError("spec.json does not match the run ID")


def _read_json(run: Run, name: str) -> Any:
    try:
        return parse_json(read_file(run.path / name))
    except ValueError:
        raise ValueError(f"{name} is not valid JSON or is nested too deeply") from None


def _check_history(run: Run) -> None:
    history = run.history
    if len(history) != run.record.trained_epochs:
        raise ValueError(f"history.jsonl has {len(history):,} rows for {run.record.trained_epochs:,} epochs")
    if run.spec.elsewhere:
        return
    if history["seconds"].isna().any():
        raise ValueError("history.jsonl has no seconds")
    if run.spec.keep != "last":
        best = choose_epoch(run.spec.keep, history["val_loss"].tolist(), history["val_accuracy"].tolist())
        if best != run.record.kept_epoch:
            raise ValueError(f"the kept epoch is {run.record.kept_epoch} in its record, but {best} in history.jsonl")


def _check_predictions(run: Run, name: str = "predictions.npz") -> None:
    """Compare the metrics of the record with those computed from the predictions."""
    is_last = name == LAST_PREDICTIONS
    found = run.record.last_metrics if is_last else run.record.metrics
    if found is None:
        raise ValueError(f"unexpected file {name}: its record has no metrics of the last epoch")
    stored = run.last_predictions if is_last else run.predictions
    for split in ("test", "validation"):
        probs, labels = getattr(stored, f"{split}_probs"), getattr(stored, f"{split}_labels")
        if not len(labels):
            if getattr(found, f"{split}_accuracy") is not None:
                raise ValueError(f"its record has a {split} accuracy without predictions")
            continue
        known = probs[np.isfinite(probs).all(axis=1)]
        if not np.allclose(known.sum(axis=1, dtype=np.float64), 1, atol=0.01):
            raise ValueError(f"{split} probabilities do not sum to 1")
        with np.errstate(invalid="ignore"):
            loss, accuracy = compute_metrics(probs, labels)
        _compare(f"{split}_accuracy", getattr(found, f"{split}_accuracy"), accuracy)
        if run.record.elsewhere is None or run.record.elsewhere.probabilities:
            _compare(f"{split}_loss", getattr(found, f"{split}_loss"), finite(loss))
        elif getattr(found, f"{split}_loss") is not None:
            raise ValueError(f"its record has a {split} loss without probabilities")
    if compute_targets(stored.test_labels) != run.record.data.targets:
        raise ValueError("the checksum of the test labels does not match its record")


def _compare(name: str, stored: float | None, computed: float | None) -> None:
    if stored is None or computed is None:
        same = stored == computed
    else:
        same = math.isclose(stored, computed, rel_tol=_CLOSE, abs_tol=_CLOSE)
    if not same:
        raise ValueError(f"{name} is {stored} in its record, but {computed} computed from its predictions")


def _check_preview(run: Run) -> None:
    read_picture((run.path / "augmentation.png").read_bytes())


_CHECKS: dict[str, Callable[[Run], object]] = {
    "spec.json": _check_spec,
    "environment.json": lambda run: _read_json(run, "environment.json"),
    "layers.json": lambda run: _read_json(run, "layers.json"),
    "config.json": lambda run: _read_json(run, "config.json"),
    "history.jsonl": _check_history,
    "predictions.npz": _check_predictions,
    LAST_PREDICTIONS: lambda run: _check_predictions(run, LAST_PREDICTIONS),
    "robustness.npz": lambda run: run.robustness,
    "evidence.json": lambda run: None,  # read by Run.open
    "maps.npz": read_maps,
    "augmentation.png": _check_preview,
}
