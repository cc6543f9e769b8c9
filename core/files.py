"""Reading of files within bounds, atomic writing, and checksums."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic_core import from_json

from core.errors import HomeError

MAX_JSON_BYTES = 50_000_000


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


def compute_checksum(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
