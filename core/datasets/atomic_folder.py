"""Folders that appear whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import HomeError

_SPARE_BYTES = 200_000_000


@contextmanager
def publishing(target: Path) -> Iterator[Path]:
    """Yields a new folder beside `target`; when the block ends well, it takes the place of `target` in one step.

    The caller holds the right to write `target`, so what lies about is of the dead. A folder that was there is moved
    aside first: between the two steps it is absent, never half there.

    Raises:
        HomeError: when it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for leftover in target.parent.glob(f".{target.name}.*"):
            shutil.rmtree(leftover)
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        old = folder.with_name(f"{folder.name}.old")
        try:
            yield folder
            folder.chmod(0o755)  # mkdtemp makes folders for one person only
            if target.exists():
                os.rename(target, old)
            os.rename(folder, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise HomeError(f"Expected to be able to write {target}; got: {error.strerror}.") from error


def check_space(folder: Path, needed_bytes: int, what: str, advice: str) -> None:
    """
    Raises:
        HomeError: when the disk of a folder has not so much room, and some to spare.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise HomeError(f"Expected to be able to read {folder}; got: {error.strerror}.") from error
    if free < needed_bytes + _SPARE_BYTES:
        raise HomeError(
            f"Expected {(needed_bytes + _SPARE_BYTES) / 1e9:.1f} GB free for {what}; got {free / 1e9:.1f} GB: {advice}."
        )
