"""Temporary files that killed processes have left in a home."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.datasets.fetch import fetch_folder, read_fetch
from core.home import Home

UNCHANGED_SECONDS = 3_600.0
"""A process that is still writing changes its temporary files more often."""
_FILE = re.compile(r"\.[0-9a-f]{32}-.+")  # see `core.files.replacing`
_RUNS = re.compile(r"\.(import|fetch)-.+")
_PREVIEW = re.compile(r"\.preview-.+")  # see `core.datasets.custom.add.preview_dataset`
_DATASET = re.compile(
    r"\..+\.([a-z0-9_]{8}|removed)(\.old)?|\..+\.unfinished\.old"
)  # see `core.datasets.atomic_folder`
_DOWNLOADED = re.compile(r".+\.archive")  # see `core.datasets.custom.web_archive`
_UPLOADED = re.compile(r"(.+)\.(zip|settings)")  # see `core.datasets.fetch.start_add`


@dataclass(frozen=True)
class Leftover:
    """A temporary file or folder and its size."""

    path: Path
    bytes: int


def list_leftovers(home: Home, unchanged_seconds: float = UNCHANGED_SECONDS) -> list[Leftover]:
    """Return the temporary files and folders of a home that have not changed for some time."""
    latest = time.time() - unchanged_seconds
    found = []
    for path in _list_temporary(home):
        with suppress(OSError):  # its process has just replaced or deleted it
            stats = [entry.lstat() for entry in (path, *(path.rglob("*") if path.is_dir() else ()))]
            if max(stat.st_mtime for stat in stats) <= latest:
                found.append(Leftover(path, sum(stat.st_size for stat in stats[path.is_dir() :])))
    return sorted(found, key=lambda one: one.path)


def remove_leftovers(home: Home, unchanged_seconds: float = UNCHANGED_SECONDS) -> list[Leftover]:
    """Delete the temporary files and folders of killed processes, and return those that were deleted."""
    found = list_leftovers(home, unchanged_seconds)
    for one in found:
        if one.path.is_dir():
            shutil.rmtree(one.path, ignore_errors=True)
        else:
            with suppress(OSError):
                one.path.unlink()
    return [one for one in found if not os.path.lexists(one.path)]


def describe_leftovers(leftovers: list[Leftover]) -> str:
    """Return the number and the size of leftovers; "" without any.

    >>> describe_leftovers([Leftover(Path(".import-1"), 2_300_000)])
    '1 temporary file or folder of a killed process (2.3 MB)'
    """
    if not leftovers:
        return ""
    size = f"({sum(one.bytes for one in leftovers) / 1e6:,.1f} MB)"
    if len(leftovers) == 1:
        return f"1 temporary file or folder of a killed process {size}"
    return f"{len(leftovers):,} temporary files or folders of killed processes {size}"


def _list_temporary(home: Home) -> Iterator[Path]:
    """Yield all temporary files and folders. The folders of published runs have none and are not searched.

    What an interrupted import needs to continue is not temporary: the user continues or discards it.
    """
    yield from _find(home.path, _FILE)
    yield from _find(home.path, _PREVIEW)
    yield from _find(home.runs, _RUNS)
    yield from _find(home.datasets, _DATASET)
    yield from _find(fetch_folder(home), _DOWNLOADED)
    yield from (path for path in _find(fetch_folder(home), _UPLOADED) if not _is_importing(home, path.stem))
    for folder in _list_folders(home.path):
        if folder == home.runs:
            continue
        yield from _find(folder, _FILE)
        for inner in _list_folders(folder):
            yield from _find(inner, _FILE)


def _is_importing(home: Home, key: str) -> bool:
    """Return whether an import is running or was interrupted, so that it still needs the uploaded archive."""
    found = read_fetch(home, key)
    return found is not None and (found.alive or bool(found.error))


def _find(folder: Path, pattern: re.Pattern[str]) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from [Path(entry.path) for entry in entries if pattern.fullmatch(entry.name)]


def _list_folders(folder: Path) -> list[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    return []
