"""Reading and writing files so that a reader never sees half of one."""

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
    """Yields a temporary path beside `path`; when the block ends well, it takes the place of `path` in one step.

    Args:
        new: nothing may have that name yet.

    Raises:
        FileExistsError: when something has it all the same.
        HomeError: when the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".{uuid4().hex}-{path.name}")  # made by the writer, so with the usual permissions
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        (os.link if new else os.replace)(temporary, path)
    except OSError as error:
        if new and isinstance(error, FileExistsError):
            raise
        raise HomeError(f"Expected to be able to write {path}; got: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_json(path: Path, value: Any, *, new: bool = False) -> None:
    """As `replacing` does it."""
    with replacing(path, new=new) as temporary:
        temporary.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def compute_checksum(path: Path) -> str:
    """SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
