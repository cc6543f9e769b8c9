"""Hidden temporary folder of a bundle import, which the next import removes if this one is killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import HomeError
from core.home import Home

_SCRATCH = ".import-"


@contextmanager
def open_scratch(home: Home) -> Iterator[Path]:
    """Yield a hidden temporary folder on the disk of the runs, and remove those of killed imports.

    The operating system releases the lock of a folder when its process exits.
    """
    try:
        home.runs.mkdir(parents=True, exist_ok=True)
        for leftover in home.runs.glob(f"{_SCRATCH}*"):
            if (handle := _lock(leftover)) is not None:
                shutil.rmtree(leftover, ignore_errors=True)
                os.close(handle)
        folder, handle = None, None
        while handle is None:  # another process may delete the folder before it is locked
            folder = Path(tempfile.mkdtemp(dir=home.runs, prefix=_SCRATCH))
            handle = _lock(folder)
    except OSError as error:
        raise HomeError(f"Cannot write {home.runs}: {error.strerror}.") from error
    assert folder
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _lock(folder: Path) -> int | None:
    """Lock a folder and return its open handle; None if another process holds the lock or the folder was deleted."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    if not folder.exists():
        os.close(handle)
        return None
    return handle
