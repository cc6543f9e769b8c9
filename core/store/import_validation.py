"""Validation of imported run folders: each file must be one that a worker could have written."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json

from core.errors import BundleError, HeadroomError
from core.image_file import read_picture
from core.spec import RunSpec
from core.store.activation_maps import read_maps
from core.store.array_check import Expected, check_arrays
from core.store.metrics import compute_metrics, compute_targets
from core.store.robustness_file import ARRAYS
from core.store.run import Run, finite
from core.store.thumbnail import FINGERPRINT

MAX_BYTES = {
    "record.json": 2_000_000,
    "spec.json": 100_000,
    "environment.json": 100_000,
    "layers.json": 2_000_000,
    "history.jsonl": 2_000_000,
    "augmentation.png": 20_000_000,
    "predictions.npz": 500_000_000,
    "maps.npz": 50_000_000,
    "robustness.npz": 50_000_000,
    "model.keras": 4_000_000_000,
    "model.tflite": 2_000_000_000,
}
"""Maximum size in bytes of each exported file. Logs are not exported, because they contain paths of a machine."""

MODELS = ("model.keras", "model.tflite")

_MAX_SIDE, _MAX_CLASSES, _MAX_TEXT = 4096, 10_000, 200
_CLOSE = 1e-4


class _Epoch(BaseModel):
    """A line of history.jsonl. Values of a diverged run may be null."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    epoch: int
    seconds: float
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None


_EPOCH = TypeAdapter(_Epoch)


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
        raise BundleError(str(error)) from None
    except ValueError as error:
        raise BundleError(f"Run {folder.name} in the bundle is invalid: {error}.") from None
    return run


def read_plain_json(path: Path) -> Any:
    """Read a JSON file of limited nesting depth.

    Raises:
        ValueError: when the file is invalid or nested too deeply.
    """
    try:
        return from_json(path.read_bytes())
    except ValueError:
        raise ValueError(f"{path.name} is not valid JSON or is nested too deeply") from None


def _check_record(run: Run) -> None:
    """Check that the record matches its spec, and that all of its texts are short and printable."""
    record = run.record
    unexpected = sorted(set(record.checksums) - {*MAX_BYTES, "log.txt"} | ({"record.json"} & set(record.checksums)))
    if unexpected:
        raise ValueError(f"unexpected file {unexpected[0]!r:.60} in its record")
    for text in _list_texts(record.model_dump(exclude={"checksums"})):
        if len(text) > _MAX_TEXT or not text.isprintable():
            raise ValueError(f"a text is not printable or exceeds {_MAX_TEXT} characters: {ascii(text)[:60]}")
    data = record.data
    if not re.fullmatch(FINGERPRINT, data.fingerprint) or run.spec.data not in ("", data.fingerprint):
        raise ValueError(f"the dataset fingerprint {data.fingerprint!r:.60} does not match its spec")
    if not 2 <= len(data.classes) <= _MAX_CLASSES or not all(1 <= side <= _MAX_SIDE for side in data.input_shape):
        raise ValueError(
            f"{len(data.classes):,} classes and images of shape {data.input_shape} are outside the limits "
            f"(2 to {_MAX_CLASSES:,} classes, {_MAX_SIDE} pixels per side)"
        )
    if run.model.params != record.cost.params:
        raise ValueError(f"{record.cost.params:,} parameters do not match its spec ({run.model.params:,} parameters)")
    if not 1 <= record.trained_epochs <= run.spec.epochs:
        raise ValueError(f"{record.trained_epochs:,} trained epochs do not match its spec ({run.spec.epochs:,} epochs)")


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from (name, *_list_texts(member))
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _list_texts(member)


def _check_spec(run: Run) -> None:
    values = read_plain_json(run.path / "spec.json")
    if not isinstance(values, dict) or RunSpec.parse(values).run_id != run.run_id:
        raise ValueError("spec.json does not match the run ID")


def _check_history(run: Run) -> None:
    lines = (run.path / "history.jsonl").read_bytes().splitlines()
    try:
        epochs = [_EPOCH.validate_json(line).epoch for line in lines]
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "a line"
        raise ValueError(f"history.jsonl contains an invalid value: {field}: {first['msg']}") from None
    if epochs != [*range(1, run.record.trained_epochs + 1)]:
        raise ValueError(f"history.jsonl has {len(epochs):,} rows for {run.record.trained_epochs:,} epochs")


def _check_predictions(run: Run) -> None:
    """Check the predictions, and compare the metrics of the record with those computed from them."""
    data, found = run.record.data, run.record.metrics
    expected: dict[str, Expected] = {}
    for split, images in (("test", data.test_images), ("validation", data.validation_images)):
        expected[f"{split}_probs"] = "f4", (images, len(data.classes))
        expected[f"{split}_labels"] = "i8", (images,)
    check_arrays(run.path / "predictions.npz", expected, MAX_BYTES["predictions.npz"])
    stored = run.predictions
    for split in ("test", "validation"):
        probs, labels = getattr(stored, f"{split}_probs"), getattr(stored, f"{split}_labels")
        if labels.min() < 0 or labels.max() >= len(data.classes):
            raise ValueError(f"{split} labels are outside its {len(data.classes)} classes")
        known = probs[np.isfinite(probs).all(axis=1)].astype(np.float64)
        if len(known) and not (_between(known, 0, 1) and np.allclose(known.sum(axis=1), 1, atol=0.01)):
            raise ValueError(f"{split} probabilities do not sum to 1")
        with np.errstate(invalid="ignore"):
            loss, accuracy = compute_metrics(probs, labels)
        _compare(f"{split}_accuracy", getattr(found, f"{split}_accuracy"), accuracy)
        _compare(f"{split}_loss", getattr(found, f"{split}_loss"), finite(loss))
    if compute_targets(stored.test_labels) != data.targets:
        raise ValueError("the checksum of the test labels does not match its record")


def _between(values: NDArray[np.float64], low: float, high: float) -> bool:
    return bool(values.min() >= low - _CLOSE and values.max() <= high + _CLOSE)


def _compare(name: str, stored: float | None, computed: float | None) -> None:
    if stored is None or computed is None:
        same = stored == computed
    else:
        same = math.isclose(stored, computed, rel_tol=_CLOSE, abs_tol=_CLOSE)
    if not same:
        raise ValueError(f"{name} is {stored} in its record, but {computed} computed from its predictions")


def _check_robustness(run: Run) -> None:
    expected: dict[str, Expected] = {
        ARRAYS["corruptions"]: ("U", (None,)),
        ARRAYS["values"]: ("f4", (None,)),
        ARRAYS["images"]: ("i4", (None,)),
        ARRAYS["predictions"]: ("i2", (None, None)),
    }
    check_arrays(run.path / "robustness.npz", expected, MAX_BYTES["robustness.npz"])
    found = run.robustness
    assert found
    if found.predictions.size and not -1 <= found.predictions.min() <= found.predictions.max() < len(
        run.record.data.classes
    ):
        raise ValueError("predictions in robustness.npz are outside its classes")
    if not np.isfinite(found.values).all():
        raise ValueError("severities in robustness.npz are not finite")


def _check_maps(run: Run) -> None:
    classes = len(run.record.data.classes)
    expected: dict[str, Expected] = {
        "shares": ("f2", (None, classes, None, None)),
        "strongest": ("f4", (None, 1, 1, 1)),
        "bias": ("f4", (classes,)),
        "exact": ("b1", ()),
    }
    shapes = check_arrays(run.path / "maps.npz", expected, MAX_BYTES["maps.npz"])
    if shapes["shares"][0] != shapes["strongest"][0] or 0 in shapes["shares"]:
        raise ValueError("the arrays in maps.npz do not match each other")
    read_maps(run)


def _check_preview(run: Run) -> None:
    read_picture((run.path / "augmentation.png").read_bytes())


_CHECKS = {
    "spec.json": _check_spec,
    "environment.json": lambda run: read_plain_json(run.path / "environment.json"),
    "layers.json": lambda run: read_plain_json(run.path / "layers.json"),
    "history.jsonl": _check_history,
    "predictions.npz": _check_predictions,
    "robustness.npz": _check_robustness,
    "maps.npz": _check_maps,
    "augmentation.png": _check_preview,
}
