"""A run folder that came from elsewhere: every file is what a worker could have written, before anything uses it."""

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
from core.store.array_check import Wanted, check_arrays
from core.store.metrics import compute_metrics, compute_targets
from core.store.robustness_file import ARRAYS
from core.store.run import Run, finite
from core.store.thumbnail import FINGERPRINT

MOST_BYTES = {
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
"""The files of a run that travel, and what each may take. Logs do not: they name the paths of a machine."""

MODELS = ("model.keras", "model.tflite")

_MOST_SIDE, _MOST_CLASSES, _MOST_TEXT = 4096, 10_000, 200
_CLOSE = 1e-4


class _Epoch(BaseModel):
    """A line of history.jsonl. A mean of a diverged training is null."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    epoch: int
    seconds: float
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None


_EPOCH = TypeAdapter(_Epoch)


def check_run(folder: Path) -> Run:
    """Opens a folder named by a run id whose files are all within MOST_BYTES, and reads everything but its models.

    Raises:
        BundleError: one sentence that names the run, the file and what is off.
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
        raise BundleError(f"Expected run {folder.name} to hold {error}.") from None
    return run


def read_plain_json(path: Path) -> Any:
    """JSON of no more depth than can be borne.

    Raises:
        ValueError: when it is another file.
    """
    try:
        return from_json(path.read_bytes())
    except ValueError:
        raise ValueError(f"JSON in {path.name}; got something else or too deep") from None


def _check_record(run: Run) -> None:
    """What the record says must fit its spec, and every text must be one that can be shown in a line."""
    record = run.record
    foreign = sorted(set(record.checksums) - {*MOST_BYTES, "log.txt"} | ({"record.json"} & set(record.checksums)))
    if foreign:
        raise ValueError(f"only files of a run; got {foreign[0]!r:.60}")
    for text in _list_texts(record.model_dump(exclude={"checksums"})):
        if len(text) > _MOST_TEXT or not text.isprintable():
            raise ValueError(f"texts of at most {_MOST_TEXT} characters that can be shown; got {ascii(text)[:60]}")
    data = record.data
    if not re.fullmatch(FINGERPRINT, data.fingerprint) or run.spec.data not in ("", data.fingerprint):
        raise ValueError(f"the fingerprint of the data that its spec names; got {data.fingerprint!r:.60}")
    if not 2 <= len(data.classes) <= _MOST_CLASSES or not all(1 <= side <= _MOST_SIDE for side in data.input_shape):
        raise ValueError(
            f"2 to {_MOST_CLASSES:,} classes and images of at most {_MOST_SIDE} pixels a side; got {len(data.classes)} "
            f"classes and images of {data.input_shape}"
        )
    if run.model.params != record.cost.params:
        raise ValueError(f"the {run.model.params:,} parameters of its spec; got {record.cost.params:,}")
    if not 1 <= record.trained_epochs <= run.spec.epochs:
        raise ValueError(f"at most the {run.spec.epochs} epochs of its spec; got {record.trained_epochs:,}")


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
        raise ValueError("the spec its id names in spec.json; got another")


def _check_history(run: Run) -> None:
    lines = (run.path / "history.jsonl").read_bytes().splitlines()
    try:
        epochs = [_EPOCH.validate_json(line).epoch for line in lines]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "a line"
        raise ValueError(f"a history with a row an epoch; got {place}: {first['msg']}") from None
    if epochs != [*range(1, run.record.trained_epochs + 1)]:
        raise ValueError(f"a history of {run.record.trained_epochs:,} epochs; got {len(epochs):,} rows")


def _check_predictions(run: Run) -> None:
    """The metrics of the record are computed anew."""
    data, found = run.record.data, run.record.metrics
    wanted: dict[str, Wanted] = {}
    for split, images in (("test", data.test_images), ("validation", data.validation_images)):
        wanted[f"{split}_probs"] = "f4", (images, len(data.classes))
        wanted[f"{split}_labels"] = "i8", (images,)
    check_arrays(run.path / "predictions.npz", wanted, MOST_BYTES["predictions.npz"])
    stored = run.predictions
    for split in ("test", "validation"):
        probs, labels = getattr(stored, f"{split}_probs"), getattr(stored, f"{split}_labels")
        if labels.min() < 0 or labels.max() >= len(data.classes):
            raise ValueError(f"{split} labels among its {len(data.classes)} classes; got others")
        known = probs[np.isfinite(probs).all(axis=1)].astype(np.float64)
        if len(known) and not (_between(known, 0, 1) and np.allclose(known.sum(axis=1), 1, atol=0.01)):
            raise ValueError(f"{split} probabilities that sum up to 1; got others")
        with np.errstate(invalid="ignore"):
            loss, accuracy = compute_metrics(probs, labels)
        _compare(f"{split}_accuracy", getattr(found, f"{split}_accuracy"), accuracy)
        _compare(f"{split}_loss", getattr(found, f"{split}_loss"), finite(loss))
    if compute_targets(stored.test_labels) != data.targets:
        raise ValueError("the checksum of its test labels as targets; got another")


def _between(values: NDArray[np.float64], low: float, high: float) -> bool:
    return bool(values.min() >= low - _CLOSE and values.max() <= high + _CLOSE)


def _compare(name: str, said: float | None, found: float | None) -> None:
    same = said == found if said is None or found is None else math.isclose(said, found, rel_tol=_CLOSE, abs_tol=_CLOSE)
    if not same:
        raise ValueError(f"predictions that agree with its record; got {name} {found} of {said}")


def _check_robustness(run: Run) -> None:
    wanted: dict[str, Wanted] = {
        ARRAYS["corruptions"]: ("U", (None,)),
        ARRAYS["values"]: ("f4", (None,)),
        ARRAYS["images"]: ("i4", (None,)),
        ARRAYS["predictions"]: ("i2", (None, None)),
    }
    check_arrays(run.path / "robustness.npz", wanted, MOST_BYTES["robustness.npz"])
    found = run.robustness
    assert found
    if found.predictions.size and not -1 <= found.predictions.min() <= found.predictions.max() < len(
        run.record.data.classes
    ):
        raise ValueError("answers among its classes in robustness.npz; got others")
    if not np.isfinite(found.values).all():
        raise ValueError("finite amounts in robustness.npz; got others")


def _check_maps(run: Run) -> None:
    classes = len(run.record.data.classes)
    wanted: dict[str, Wanted] = {
        "shares": ("f2", (None, classes, None, None)),
        "strongest": ("f4", (None, 1, 1, 1)),
        "bias": ("f4", (classes,)),
        "exact": ("b1", ()),
    }
    shapes = check_arrays(run.path / "maps.npz", wanted, MOST_BYTES["maps.npz"])
    if shapes["shares"][0] != shapes["strongest"][0] or 0 in shapes["shares"]:
        raise ValueError("maps that fit each other in maps.npz; got others")
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
