"""Check of the weights in a `.keras` file, before Keras opens it."""

from typing import IO, Any

import numpy as np

from core.errors import ModelFileError

MAX_ITEMS = 200_000
MAX_VALUES = 2_000_000_000
_PART = 1 << 24  # values that are read at once
_OTHERS = ("optimizer", "optimizer_weights", "seed_generator", "_seed_generator")
"""Groups of the file whose arrays belong to no parameter of a layer."""


def count_saved_values(file: IO[bytes]) -> int:
    """Return the number of values of the layers in an HDF5 file of weights.

    Raises:
        ModelFileError: when the file is not HDF5, refers to other files, or contains anything but arrays of numbers.
    """
    import h5py

    try:
        with h5py.File(file, "r") as opened:
            return _count(opened, h5py)
    except (OSError, RuntimeError, KeyError, ValueError, RecursionError) as error:
        raise ModelFileError(f"Cannot read the weights in the file: {str(error).splitlines()[0]:.120}.") from None


def _count(opened: Any, h5py: Any) -> int:
    pending: list[tuple[Any, bool]] = [(opened, False)]
    seen: set[Any] = set()
    items, values = 0, 0
    while pending:
        group, counted = pending.pop()
        for name in group:
            items += 1
            if items > MAX_ITEMS:
                raise ModelFileError(f"The weights have more than {MAX_ITEMS:,} entries.")
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise ModelFileError(
                    f"The weights refer to another place, {name!r:.60}. Save the model again with Keras."
                )
            found = group[name]
            if isinstance(found, h5py.Group):
                if found.id in seen:
                    raise ModelFileError(f"The weights contain the group {name!r:.60} twice.")
                seen.add(found.id)
                pending.append((found, counted or name in _OTHERS))
                continue
            values += _check_array(name, found, h5py) if not (counted or name in _OTHERS) else 0
            if values > MAX_VALUES:
                raise ModelFileError(f"The weights have more than {MAX_VALUES:,} values.")
    return values


def _check_array(name: str, found: Any, h5py: Any) -> int:
    if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "fiub" or found.external or found.is_virtual:
        raise ModelFileError(f"The weights contain {name!r:.60}, which is not a plain array of numbers.")
    size = 1
    for length in found.shape:
        size *= int(length)
    if found.dtype.kind == "f" and size <= MAX_VALUES and not _is_finite(found, size):
        raise ModelFileError("The weights contain values that are not finite: the training of the model has diverged.")
    return size


def _is_finite(found: Any, size: int) -> bool:
    """Return whether all values of an array are finite. It is read in parts."""
    if not found.shape or not size:
        return not size or bool(np.isfinite(found[()]))
    rows = max(1, _PART // (size // found.shape[0]))
    return all(np.isfinite(found[start : start + rows]).all() for start in range(0, found.shape[0], rows))
