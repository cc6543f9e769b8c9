"""Atomic writing and checksums of files."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from core.errors import HomeError


@contextmanager
def replacing(path: Path, *, new: bool = False) -> Iterator[Path]:
    """Yield a temporary path in the same folder, which atomically replaces `path` if the block succeeds.

    Args:
        new: Do not replace an existing file.

    Raises:
        FileExistsError: when `new` is set and `path` exists.
        HomeError: when the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".{uuid4().hex}-{path.name}")  # the caller creates it, with the default permissions
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        (os.link if new else os.replace)(temporary, path)
    except OSError as error:
        if new and isinstance(error, FileExistsError):
            raise
        raise HomeError(f"Cannot write {path}: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_json(path: Path, value: Any, *, new: bool = False) -> None:
    """Write a value as JSON, atomically (see `replacing`)."""
    with replacing(path, new=new) as temporary:
        temporary.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def compute_checksum(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
