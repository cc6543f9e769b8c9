"""What NumPy files claim to hold, read from their headers before an array is made."""

import zipfile
import zlib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

Shape = tuple[int, ...]
Wanted = tuple[str, tuple[int | None, ...]]
"""The kinds and sizes that a dtype may have, such as «f4» or «U», and a shape; None stands for any length."""


def check_arrays(path: Path, wanted: Mapping[str, Wanted], most_bytes: int) -> dict[str, Shape]:
    """The shapes of the arrays in an npz file, which holds those that are wanted and no others.

    Raises:
        ValueError: one sentence without its subject, when it is another file or its arrays take too much.
    """
    shapes: dict[str, Shape] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sorted(member.filename for member in members) != sorted(f"{name}.npy" for name in wanted):
                raise ValueError(f"the arrays {', '.join(wanted)}; got others")
            if sum(member.file_size for member in members) > most_bytes:
                raise ValueError(f"arrays of at most {most_bytes / 1e6:,.0f} MB; got more")
            for member in members:
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise ValueError("arrays packed with deflate or not at all; got others")
                name = member.filename.removesuffix(".npy")
                with archive.open(member) as file:
                    shapes[name] = check_array(file, member.file_size, name, wanted[name])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise ValueError("a whole npz file; got a damaged one") from None
    return shapes


def check_array(file: IO[bytes], size: int, name: str, wanted: Wanted) -> Shape:
    """The shape of the array in a npy file of `size` bytes, of which the header is read.

    Raises:
        ValueError: as `check_arrays`.
    """
    kinds, lengths = wanted
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    except Exception:  # headers are Python text, and bad ones fail in every way
        raise ValueError(f"{name} to be an array; got something else") from None
    if dtype.hasobject or not (dtype.kind in kinds.split() or dtype.str[1:] in kinds.split()):
        raise ValueError(f"{name} to be of type {kinds}; got {dtype.str!r:.40}")
    expected = tuple(have if want is None else want for have, want in zip(shape, lengths, strict=False))
    if len(shape) != len(lengths) or shape != expected or min(shape, default=0) < 0:
        text = " × ".join("any" if length is None else str(length) for length in lengths) or "a single value"
        raise ValueError(f"{name} of shape {text}; got {shape!s:.60}")
    if file.tell() + prod(shape) * dtype.itemsize != size:
        raise ValueError(f"{name} to hold what its header says; got {size:,} bytes")
    return shape
