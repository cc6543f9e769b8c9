"""NumPy files, whose headers are validated before any memory is allocated."""

import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.files import DAMAGED_ZIP, count_zip_entries

Shape = tuple[int, ...]
Expected = tuple[str, tuple[int | None, ...]]
"""Allowed dtypes, such as "f4" or "U", separated by spaces, and a shape in which None allows any length."""

_MAX_TEXT_BYTES = 4 * 60  # of one text in an array


def check_arrays(path: Path, expected: Mapping[str, Expected], max_bytes: int) -> dict[str, Shape]:
    """Return the shapes of the arrays in an npz file.

    Raises:
        ValueError: when the file is damaged or too large, or its arrays are not the expected ones. The message has no
            initial capital and no final period.
    """
    shapes: dict[str, Shape] = {}
    try:
        with path.open("rb") as file:
            entries = count_zip_entries(file, len(expected))
        if entries != len(expected):
            raise ValueError(f"{path.name} does not contain exactly the arrays {', '.join(expected)}")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sorted(member.filename for member in members) != sorted(f"{name}.npy" for name in expected):
                raise ValueError(f"{path.name} does not contain exactly the arrays {', '.join(expected)}")
            if sum(member.file_size for member in members) > max_bytes:
                raise ValueError(f"the arrays in {path.name} exceed {max_bytes / 1e6:,.0f} MB")
            for member in members:
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise ValueError(f"{path.name} has an unsupported compression")
                name = member.filename.removesuffix(".npy")
                with archive.open(member) as file:
                    shapes[name] = check_array(file, member.file_size, name, expected[name])
    except (*DAMAGED_ZIP, OSError):
        raise ValueError("the archive is damaged") from None
    return shapes


def read_arrays(path: Path, expected: Mapping[str, Expected], max_bytes: int) -> dict[str, NDArray[Any]]:
    """Load the arrays of an npz file (see `check_arrays`).

    Raises:
        ValueError: when the file is damaged or too large, or its arrays are not the expected ones.
    """
    check_arrays(path, expected, max_bytes)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in expected}
    except (*DAMAGED_ZIP, OSError):
        raise ValueError("the archive is damaged") from None


def map_array(path: Path, expected: Expected) -> NDArray[Any]:
    """Memory-map the array of an npy file.

    Raises:
        ValueError: when the file is damaged, or its array is not the expected one.
    """
    try:
        with path.open("rb") as file:
            check_array(file, path.stat().st_size, path.name, expected)
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror}") from None


def check_array(file: IO[bytes], size: int, name: str, expected: Expected) -> Shape:
    """Return the shape of the array in an npy file of `size` bytes; reads only the header.

    Raises:
        ValueError: when the file is damaged or has an unexpected dtype or shape (see `check_arrays`).
    """
    kinds, lengths = expected
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    except Exception:  # headers are Python literals; damaged ones raise many types
        raise ValueError(f"{name} is not a valid array") from None
    known = dtype.isnative and not dtype.hasobject  # other libraries refuse the byte order of other processors
    if not known or not (dtype.kind in kinds.split() or dtype.str[1:] in kinds.split()):
        raise ValueError(f"{name} has dtype {dtype.str!r:.40} instead of {kinds}")
    if dtype.kind == "U" and dtype.itemsize > _MAX_TEXT_BYTES:
        raise ValueError(f"{name} contains texts of more than {_MAX_TEXT_BYTES // 4} characters")
    matching = tuple(have if want is None else want for have, want in zip(shape, lengths, strict=False))
    if len(shape) != len(lengths) or shape != matching or min(shape, default=0) < 0:
        text = " × ".join("any" if length is None else str(length) for length in lengths) or "a single value"
        raise ValueError(f"{name} has shape {shape!s:.60} instead of {text}")
    if file.tell() + prod(shape) * dtype.itemsize != size:
        raise ValueError(f"{name} has {size:,} bytes, which does not match its header")
    return shape
