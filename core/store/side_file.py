"""Side files of a home, which finished runs do not need: their damage, and how to move a damaged one aside."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from core.errors import HomeError
from core.home import Home

SIDE_FILES = ("notes.sqlite", "jobs/queue.sqlite", "index.feather")
_NOT_DAMAGED = ("locked", "disk is full", "No space", "Read-only", "Permission denied")
_COMPANIONS = ("-wal", "-shm", "-journal")  # of an SQLite file


def describe_side_file(path: Path, error: Exception) -> str:
    """Return the message for a side file that cannot be read or written."""
    if "readonly" in str(error):  # SQLite's sentence is about a database
        return f"Cannot write {path}: the file or its disk is read-only. Finished runs are not affected."
    detail = (error.strerror if isinstance(error, OSError) else None) or error
    usable = any(word in str(error) for word in _NOT_DAMAGED)
    advice = "" if usable else " If the file is damaged, move it aside with: headroom doctor --repair"
    return f"Cannot read or write {path}: {detail}. Finished runs are not affected.{advice}"


def decode_text(text: bytes) -> str:
    """Decode a text of a row, also if it is damaged: otherwise one text makes all rows unreadable."""
    return text.decode("utf-8", errors="replace")


def is_missing(path: Path) -> bool:
    """Return whether a file does not exist; a link to nothing is damaged."""
    return not os.path.lexists(path)


def repair_side_files(home: Home) -> list[tuple[Path, Path]]:
    """Move the damaged side files aside; they are created again when they are needed. Nothing is deleted.

    Returns:
        The former and the new path of each damaged file.

    Raises:
        HomeError: when a file cannot be moved.
    """
    moved = []
    for name in SIDE_FILES:
        path = home.path / name
        if is_missing(path) or _is_whole(path):
            continue
        name = f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
        target = next(path.with_name(name) for name in names if is_missing(path.with_name(name)))
        try:
            for suffix in ("", *_COMPANIONS):
                source = path.with_name(path.name + suffix)
                if os.path.lexists(source):
                    os.rename(source, target.with_name(target.name + suffix))
        except OSError as error:
            raise HomeError(f"Cannot move {path}: {error.strerror}.") from error
        moved.append((path, target))
    return moved


def _is_whole(path: Path) -> bool:
    if path.suffix != ".sqlite" or not path.is_file():
        return path.is_file()  # a damaged index is rebuilt in place
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.Error:
        return False
