"""Readers of the array formats in which datasets are published. No reader runs code from a file."""

import importlib
import io
import pickle
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAX_MEMBER_BYTES = 500_000_000
_ARRAY_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
_ARRAY_TYPES = ("ndarray", "dtype", "_reconstruct")


def read_idx(content: bytes) -> NDArray[np.uint8]:
    """Read an IDX file: two zero bytes, the type (8 is uint8), the number of axes, their lengths, the values.

    Raises:
        ValueError: when it is not an IDX file of bytes, or the number of values is wrong.
    """
    if content[:3] != b"\0\0\x08":
        raise ValueError("not an IDX file of bytes")
    start = 4 + 4 * content[3]
    return np.frombuffer(content, np.uint8, offset=start).reshape(np.frombuffer(content[4:start], ">i4"))


def read_mat(path: Path, *names: str) -> list[NDArray[Any]]:
    """Read variables of a MATLAB file (version 5).

    Raises:
        ValueError: when it is damaged, or a variable is missing.
    """
    from scipy.io import loadmat

    try:
        found = loadmat(str(path), appendmat=False, variable_names=names)
        return [found[name] for name in names]
    except Exception as error:  # SciPy raises many types for damaged files
        raise ValueError(f"{path.name} is not a complete MATLAB file with the variables {', '.join(names)}") from error


def read_members(path: Path, names: Collection[str]) -> list[bytes]:
    """Return the content of files in a tar.gz archive, in the order of `names`; nothing is unpacked to disk.

    Raises:
        KeyError: when a file is missing.
        ValueError: when a file is larger than 500 MB or the archive is damaged.
    """
    import tarfile  # only needed to read the original files

    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if member.name in names and member.isreg():
                    if member.size > _MAX_MEMBER_BYTES:
                        raise ValueError(f"{member.name} has more than {_MAX_MEMBER_BYTES / 1e6:g} MB")
                    content = archive.extractfile(member)
                    assert content
                    found[member.name] = content.read()
                if len(found) == len(names):
                    break
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error
    return [found[name] for name in names]


def read_pickle(content: bytes) -> dict[bytes, Any]:
    """Read a pickled dictionary of Python 2. Only arrays are constructed; any other object is refused.

    Raises:
        ValueError: when it contains another object or is damaged.
    """
    try:
        found = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # damaged files raise many types
        raise ValueError(f"not a pickled dictionary of arrays: {error}") from error
    if not isinstance(found, dict):
        raise ValueError("not a pickled dictionary of arrays")
    return found


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module not in _ARRAY_MODULES or name not in _ARRAY_TYPES:
            raise pickle.UnpicklingError(f"{module}.{name} is refused")
        return getattr(np, name, None) or getattr(importlib.import_module("numpy._core.multiarray"), name)
