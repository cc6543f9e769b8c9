"""Reading of files within bounds, atomic writing, and checksums."""

import errno
import hashlib
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from pydantic_core import from_json

from core.errors import HomeError

_ENTRY = struct.Struct("<28x3H12x")  # entry of a ZIP directory: lengths of name, extra data and comment
MAX_JSON_BYTES = 50_000_000
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""Errors of `zipfile` for a damaged archive, in addition to OSError and ValueError."""


def read_file(path: Path, most_bytes: int = MAX_JSON_BYTES) -> bytes:
    """Read a file of limited size.

    Raises:
        OSError: when it cannot be read, is not a file, or is larger.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # a named pipe would block
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR) if stat.S_ISDIR(found.st_mode) else "Not a file")
    if found.st_size > most_bytes:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return path.read_bytes()


def parse_json(text: str | bytes) -> Any:
    """Parse JSON of limited depth without NaN; the parser of Python overflows its stack on deeper values.

    Raises:
        ValueError: when the text is not valid JSON or is nested too deeply.
    """
    return from_json(text, allow_inf_nan=False)


@contextmanager
def replacing(path: Path, *, new: bool = False, durable: bool = False) -> Iterator[Path]:
    """Yield a temporary path in the same folder, which atomically replaces `path` if the block succeeds.

    Args:
        new: Do not replace an existing file.
        durable: Wait until the file is on the disk, for what a user wrote: it survives a power failure.

    Raises:
        FileExistsError: when `new` is set and `path` exists.
        HomeError: when the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".{uuid4().hex}-{path.name}")  # the caller creates it, with the default permissions
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if durable:
            _sync(temporary)
        (os.link if new else os.replace)(temporary, path)
        if durable:
            _sync(path.parent)
    except OSError as error:
        if new and isinstance(error, FileExistsError):
            raise
        raise HomeError(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any, *, new: bool = False, durable: bool = False) -> None:
    """Write a value as JSON, atomically (see `replacing`)."""
    with replacing(path, new=new, durable=durable) as temporary:
        temporary.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def cannot_write(path: Path) -> bool:
    """Return whether this process cannot write a path, or the closest existing folder above it."""
    existing = next((one for one in (path, *path.parents) if os.path.exists(one)), path)
    return not os.access(existing, os.W_OK)


def compute_checksum(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def count_zip_entries(file: IO[bytes], most: int) -> int:
    """Return the number of entries of a ZIP archive; at least `most` + 1 if there are more than `most`.

    `zipfile` creates an object of 500 bytes for each entry before it tells their number.

    Raises:
        zipfile.BadZipFile: when the archive has no directory.
    """
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if end is None:
        raise zipfile.BadZipFile("no directory")
    size, position = end[zipfile._ECD_SIZE], end[zipfile._ECD_LOCATION]  # type: ignore[attr-defined]
    if end[zipfile._ECD_SIGNATURE] == zipfile.stringEndArchive64:  # type: ignore[attr-defined]
        position -= zipfile.sizeEndCentDir64 + zipfile.sizeEndCentDir64Locator  # type: ignore[attr-defined]
    if end[zipfile._ECD_ENTRIES_TOTAL] > most:  # type: ignore[attr-defined]
        return int(end[zipfile._ECD_ENTRIES_TOTAL])  # type: ignore[attr-defined]
    start = position - size
    if start < 0:
        raise zipfile.BadZipFile("no directory")
    count = 0
    while start < position and count <= most:
        file.seek(start)
        header = file.read(_ENTRY.size)
        if len(header) < _ENTRY.size:
            break
        start += _ENTRY.size + sum(_ENTRY.unpack(header))
        count += 1
    return count
