"""Folders of reports: numbers of their files, and moves."""

import os
import re
from pathlib import Path

from core.errors import HomeError


def list_numbers(folder: Path, pattern: re.Pattern[str]) -> list[int]:
    """Return the numbers in the file names that match a pattern, in ascending order."""
    try:
        return sorted(int(found[1]) for name in os.listdir(folder) if (found := pattern.fullmatch(name)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise HomeError(f"Cannot read {folder}: {error.strerror}.") from error


def move_folder(old: Path, new: Path) -> None:
    """Move a folder.

    Raises:
        HomeError: when it cannot be moved.
    """
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        os.rename(old, new)
    except OSError as error:
        raise HomeError(f"Cannot move {old}: {error.strerror}.") from error
