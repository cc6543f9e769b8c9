"""Values of a run from any library, checked with an error message per wrong value."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MAX_IMAGES, MAX_CLASSES, MAX_EPOCHS, MAX_SIDE = 10_000_000, 10_000, 1000, 4096
MAX_VALUES = 120_000_000  # probabilities: 480 MB as float32
_COLUMNS = {
    "loss": ("loss", "train_loss", "training_loss"),
    "accuracy": ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy",
                 "train_accuracy", "train_acc", "training_accuracy"),
    "val_loss": ("val_loss", "validation_loss", "valid_loss"),
    "val_accuracy": ("val_accuracy", "val_acc", "val_sparse_categorical_accuracy", "val_categorical_accuracy",
                     "val_binary_accuracy", "validation_accuracy", "valid_accuracy"),
    "learning_rate": ("learning_rate", "lr"),
    "seconds": ("seconds", "time", "elapsed"),
}  # fmt: skip
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DATA = re.compile(r"([a-z0-9][a-z0-9_-]{0,39})?")


class LogError(ValueError):
    """A value of a run is wrong. The message has the form "Expected …; got …."."""


def check_line(name: str, value: object, length: int = 200) -> str:
    """Return a text of one line without control characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= length or _CONTROL.search(value) or value != value.strip():
        raise LogError(f"Expected {name} to be a text of 1 to {length} characters in one line; got {value!r:.60}.")
    return value


def check_data_name(value: object) -> str:
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise LogError(f"Expected data to be up to 40 lowercase letters, digits, '-' and '_'; got {value!r:.60}.")
    return value


def check_number(name: str, value: object, low: float, high: float, *, whole: bool = False) -> Any:
    """Return a number within bounds; None stays None."""
    if value is None:
        return None
    kind = "a whole number" if whole else "a number"
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if isinstance(value, (bool, str)) or not low <= number <= high or (whole and number != int(number)):
        raise LogError(f"Expected {name} to be {kind} between {low:g} and {high:g}; got {value!r:.60}.")
    return int(number) if whole else number


def check_classes(value: object, count: int | None) -> list[str]:
    """Return the names of the classes; by default, the numbers from 0."""
    if value is None:
        if count is None:
            raise LogError("Give classes, the names of the classes.")
        if count > MAX_CLASSES:
            raise LogError(f"Expected at most {MAX_CLASSES:,} classes; got {count:,}.")
        return [str(number) for number in range(count)]
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
        raise LogError(f"Expected classes to be a list of names; got {value!r:.60}.")
    names = [check_line("each class", str(name)) for name in value]
    if not 2 <= len(names) <= MAX_CLASSES or len(set(names)) < len(names):
        raise LogError(f"Expected classes to be 2 to {MAX_CLASSES:,} different names; got {len(names):,}.")
    if count is not None and count != len(names):
        raise LogError(f"Expected {len(names)} probabilities per image, one per class; got {count}.")
    return names


def check_size(images: int, classes: int) -> None:
    """Check that the probabilities of a run have a size that Headroom can read."""
    if images * classes > MAX_VALUES:
        raise LogError(
            f"Expected at most {MAX_VALUES:,} probabilities; got {images:,} images with {classes:,} classes each."
        )


def to_array(name: str, value: object) -> np.ndarray[Any, Any]:
    """Return a NumPy array; tensors of other libraries are copied to the CPU."""
    for method in ("detach", "cpu"):
        if hasattr(value, method):
            value = getattr(value, method)()
    try:
        array = np.asarray(value)
    except Exception:
        raise LogError(f"Expected {name} to be an array; got {type(value).__name__}.") from None
    if array.dtype.kind not in "buif":
        raise LogError(f"Expected {name} to be an array of numbers; got dtype {array.dtype}.")
    return array


def check_labels(name: str, value: object, classes: Sequence[str] | None = None) -> np.ndarray[Any, Any]:
    """Return labels as int64 of shape (images,). One-hot labels are converted; names of classes are looked up."""
    names = value.tolist() if isinstance(value, np.ndarray) and value.dtype.kind in "UO" else value
    if isinstance(names, (list, tuple)) and names and isinstance(names[0], str):
        rows = {label: row for row, label in enumerate(classes or ())}
        unknown = next((label for label in names if label not in rows), None)
        if unknown is not None:
            raise LogError(f"Expected {name} to be names in classes; got {unknown!r:.60}.")
        names = [rows[label] for label in names]
    array = to_array(name, names)
    if array.ndim == 2 and array.shape[1] > 1:
        if not np.array_equal(array.sum(axis=1), np.ones(len(array))) or array.min() < 0:
            raise LogError(f"Expected {name} to be class numbers or one-hot rows; got rows that do not sum to 1.")
        array = array.argmax(axis=1)
    array = array.reshape(len(array)) if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1 or not 1 <= len(array) <= MAX_IMAGES:
        raise LogError(f"Expected {name} to be one class number per image; got shape {array.shape}.")
    labels = array.astype(np.int64)
    if array.dtype.kind == "f" and not np.array_equal(labels, array):
        raise LogError(f"Expected {name} without fractions; got {array[array != labels][0]:g}.")
    if labels.min() < 0 or (classes is not None and labels.max() >= len(classes)):
        found = labels.min() if labels.min() < 0 else labels.max()
        raise LogError(f"Expected {name} between 0 and {len(classes or ()) - 1 if classes else '…'}; got {found}.")
    return labels


def check_probabilities(name: str, value: object, images: int, *, logits: bool = False) -> np.ndarray[Any, Any]:
    """Return probabilities as float32 of shape (images, classes).

    A single column is the probability of the second of two classes.

    Args:
        logits: apply softmax, or the sigmoid to a single column.
    """
    array = to_array(name, value).astype(np.float64)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or len(array) != images:
        raise LogError(f"Expected {name} to have one row per image ({images:,}); got shape {array.shape}.")
    if logits and array.shape[1] == 1:
        array = 1 / (1 + np.exp(-np.clip(array, -60, 60)))
    elif logits:
        array = np.exp(array - array.max(axis=1, keepdims=True))
        array /= array.sum(axis=1, keepdims=True)
    if array.shape[1] == 1:
        array = np.hstack([1 - array, array])
    check_size(*array.shape)
    known = array[np.isfinite(array).all(axis=1)]
    if known.size and (known.min() < -1e-4 or known.max() > 1 + 1e-4 or abs(known.sum(axis=1) - 1).max() > 0.01):
        raise LogError(
            f"Expected {name} to be probabilities whose rows sum to 1; got values from {known.min():.3g} to "
            f"{known.max():.3g}. For logits, set logits=True."
        )
    return np.clip(array, 0, 1).astype(np.float32)


def check_history(value: object) -> list[dict[str, Any]]:
    """Return one row per epoch: epoch, seconds, loss, accuracy, val_loss, val_accuracy, learning_rate.

    Args:
        value: the History object of Keras, a mapping of columns, a list of rows, or a data frame.
    """
    if value is None:
        return []
    value = getattr(value, "history", value)
    if hasattr(value, "to_dict") and not isinstance(value, Mapping):
        value = value.to_dict("list")
    if isinstance(value, Mapping):
        columns = {str(name): list(values) for name, values in value.items() if not isinstance(values, (str, int))}
    elif isinstance(value, Sequence) and all(isinstance(row, Mapping) for row in value):
        names = dict.fromkeys(str(name) for row in value for name in row)
        columns = {name: [row.get(name) for row in value] for name in names}
    else:
        raise LogError(f"Expected history to be columns or rows with one value per epoch; got {type(value).__name__}.")
    known = {}
    for column, aliases in _COLUMNS.items():
        found = next((name for name in aliases if name in columns), None)
        known[column] = columns[found] if found else []
    lengths = {len(values) for values in known.values() if values}
    if not lengths:
        raise LogError(
            f"Expected history with columns such as loss and val_accuracy; got {', '.join(columns) or 'none'}."
        )
    if len(lengths) > 1 or not 1 <= max(lengths) <= MAX_EPOCHS:
        raise LogError(f"Expected history with 1 to {MAX_EPOCHS:,} values in each column; got {sorted(lengths)}.")
    rows: list[dict[str, Any]] = []
    for epoch in range(max(lengths)):
        row = {name: _read_value(name, values[epoch]) if values else None for name, values in known.items()}
        if rows and row["seconds"] is not None and row["seconds"] < (rows[-1]["seconds"] or 0):
            raise LogError("Expected seconds since the start of training, which increase; got a smaller value.")
        rows.append({"epoch": epoch + 1, **row})
    return rows


def _read_value(name: str, value: object) -> float | None:
    """Return a value of the history; None if it is missing or not finite, as in a diverged run."""
    if value is None or value == "":
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise LogError(f"Expected {name} in history to be numbers; got {value!r:.60}.") from None
    if not math.isfinite(number) or abs(number) > 3e38:
        return None
    if "accuracy" in name and not 0 <= number <= 1:
        raise LogError(f"Expected {name} in history between 0 and 1; got {number:g}.")
    if name in ("seconds", "learning_rate") and not 0 <= number <= (1e9 if name == "seconds" else 1e6):
        raise LogError(f"Expected {name} in history to be a positive number; got {number:g}.")
    return number
