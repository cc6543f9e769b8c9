"""NumPy archive (NPZ) of predictions with labels."""

import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ImportFileError
from core.files import DAMAGED_ZIP, count_zip_entries
from core.importers.importer import Importer, Source, read_first_bytes
from core.store.run import MAX_ARRAY_BYTES

_NAMES = {
    "labels": ("labels", "y_true", "test_labels", "y_test", "y", "targets"),
    "probabilities": ("probabilities", "probs", "y_prob", "test_probs", "y_proba"),
    "predictions": ("predictions", "y_pred", "predicted"),
    "classes": ("classes", "class_names"),
    "validation_labels": ("validation_labels", "val_labels", "y_val"),
    "validation_probabilities": ("validation_probabilities", "validation_probs", "val_probs"),
}
_MAX_ENTRIES, _MAX_TEXT_BYTES = 50, 4 * 200


def _matches(path: Path) -> bool:
    return path.suffix == ".npz" and read_first_bytes(path, 2) == b"PK"


def _read(path: Path, options: Mapping[str, str]) -> Source:
    """Return the arrays with known names; others are not read.

    Raises:
        ImportFileError: when the file is damaged or too large, or has no labels.
    """
    arrays = _load(path)
    found = {name: next((arrays[key] for key in keys if key in arrays), None) for name, keys in _NAMES.items()}
    if found["labels"] is None:
        known = ", ".join(arrays) or "none of them"
        raise ImportFileError(f"Expected the arrays labels and probabilities or predictions; got {known}.")
    if found["probabilities"] is None and found["predictions"] is not None and found["predictions"].ndim == 2:
        found["probabilities"], found["predictions"] = found["predictions"], None
    values: dict[str, Any] = {name: found[name] for name in ("labels", "probabilities") if found[name] is not None}
    if found["probabilities"] is None:
        values["predictions"] = found["predictions"]
    if found["classes"] is not None:
        values["classes"] = [str(name) for name in found["classes"].ravel()]
    if found["validation_labels"] is not None and found["validation_probabilities"] is not None:
        values["validation"] = found["validation_labels"], found["validation_probabilities"]
    return Source(values, name=path.stem)


def _load(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Load the arrays with known names, whose headers are checked before any memory is allocated."""
    known = {name for names in _NAMES.values() for name in names}
    try:
        with path.open("rb") as file:
            if count_zip_entries(file, _MAX_ENTRIES) > _MAX_ENTRIES:
                raise ImportFileError(f"{path.name!r:.80} has more than {_MAX_ENTRIES} arrays.")
        with zipfile.ZipFile(path) as archive:
            members = {
                member.filename.removesuffix(".npy"): member
                for member in archive.infolist()
                if member.filename.removesuffix(".npy") in known
            }
            if sum(member.file_size for member in members.values()) > MAX_ARRAY_BYTES:
                raise ImportFileError(f"The arrays in {path.name!r:.80} exceed {MAX_ARRAY_BYTES / 1e6:,.0f} MB.")
            for name, member in members.items():
                with archive.open(member) as file:
                    _check(file, member.file_size, name)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in members}
    except (*DAMAGED_ZIP, OSError, ValueError):
        raise ImportFileError(f"{path.name!r:.80} is not a valid NPZ file.") from None


def _check(file: Any, size: int, name: str) -> None:
    try:
        version = np.lib.format.read_magic(file)
        read_array_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read_array_header(file)
    except Exception:  # headers are Python literals; damaged ones raise many types
        raise ImportFileError(f"The array {name} is not valid.") from None
    if dtype.hasobject or dtype.kind not in "buifU" or (dtype.kind == "U" and dtype.itemsize > _MAX_TEXT_BYTES):
        raise ImportFileError(f"Expected the array {name} with numbers or texts; got dtype {dtype.str!r:.40}.")
    if min(shape, default=0) < 0 or len(shape) > 2 or file.tell() + prod(shape) * dtype.itemsize != size:
        raise ImportFileError(f"The array {name} has shape {shape!s:.60}, which does not match its size.")


NPZ = Importer("npz", "NPZ of predictions", 10, _matches, _read)
