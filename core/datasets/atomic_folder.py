"""Atomic replacement of folders."""

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
    """Yield a new temporary folder, which replaces `target` if the block succeeds.

    The caller must hold the lock of `target`: temporary folders of killed processes are removed first. An existing
    target is moved aside before the rename. It may be missing for a moment, but is never incomplete.

    Raises:
        HomeError: when the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for leftover in target.parent.glob(f".{target.name}.*"):
            shutil.rmtree(leftover)
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        old = folder.with_name(f"{folder.name}.old")
        try:
            yield folder
            folder.chmod(0o755)  # mkdtemp creates folders that only their owner can read
            if target.exists():
                os.rename(target, old)
            os.rename(folder, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise HomeError(f"Cannot write {target}: {error.strerror}.") from error


def check_space(folder: Path, needed_bytes: int, what: str, advice: str) -> None:
    """Check that the disk of a folder has enough free space, plus a reserve of 200 MB.

    Raises:
        HomeError: when it does not.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise HomeError(f"Cannot read {folder}: {error.strerror}.") from error
    if free < needed_bytes + _SPARE_BYTES:
        raise HomeError(
            f"Not enough disk space for {what}: {(needed_bytes + _SPARE_BYTES) / 1e9:.1f} GB needed, "
            f"{free / 1e9:.1f} GB free. {advice}"
        )
