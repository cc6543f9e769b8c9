"""Keras files of several versions, and changes that make their weights hostile."""

from collections.abc import Callable

import h5py
import numpy as np

from tests.support.paths import ROOT

FILES = sorted((ROOT / "tests" / "support" / "keras_files").glob("*.keras"))


def _add_array(file: h5py.File, **options: object) -> None:
    file.create_dataset("extra", **options)


def _set_nan(file: h5py.File) -> None:
    arrays: list[h5py.Dataset] = []
    file.visititems(lambda name, found: arrays.append(found) if isinstance(found, h5py.Dataset) else None)
    array = next((array for array in arrays if array.dtype.kind == "f" and array.ndim), None)
    if array is None:  # a file without layers
        array = file.create_dataset("extra", data=np.zeros(1, np.float32))
    array[(-1,) * array.ndim] = np.nan


HOSTILE: dict[str, Callable[[h5py.File], None]] = {
    "external link": lambda file: file.__setitem__("extra", h5py.ExternalLink("/etc/passwd", "/")),
    "soft link": lambda file: file.__setitem__("extra", h5py.SoftLink("/nowhere")),
    "external storage": lambda file: _add_array(file, shape=(8,), dtype="u1", external=[("/etc/passwd", 0, 8)]),
    "text": lambda file: _add_array(file, data="code"),
    "objects": lambda file: _add_array(file, shape=(2,), dtype=h5py.vlen_dtype(np.uint8)),
    "huge shape": lambda file: _add_array(file, shape=(10**7, 10**6), dtype="f4", chunks=(100, 100)),
    "one more value": lambda file: _add_array(file, data=np.zeros(1, np.float32)),
    "not finite": _set_nan,
    "cycle": lambda file: file["/"].__setitem__("extra", file["/"]),
}
