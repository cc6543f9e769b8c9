"""Atomic replacement of folders."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import HomeError

_SPARE_BYTES = 200_000_000
_IDENTITY = "identity.txt"


@contextmanager
def publishing(target: Path) -> Iterator[Path]:
    """Yield a new temporary folder, which replaces `target` if the block succeeds.

    The caller must hold the lock of `target`: temporary folders of killed processes are removed first. An existing
    target is moved aside before the rename. It may be missing for a moment, but is never incomplete.

    Raises:
        HomeError: when the folder cannot be written.
    """
    with _reporting(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_unfinished(target)
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
        try:
            yield folder
            _replace(target, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def resuming(target: Path, identity: str) -> Iterator[Path]:
    """Yield a folder that replaces `target` if the block succeeds, as `publishing` does.

    If the block is interrupted by the user or its process is killed, the folder is kept, and the next block with the
    same `identity` continues in it. An error removes it.

    Raises:
        HomeError: when the folder cannot be written.
    """
    with _reporting(target):
        folder = _unfinished(target)
        mark = folder / _IDENTITY
        if not mark.is_file() or mark.read_text(encoding="utf-8", errors="replace") != identity:
            remove_unfinished(target)
            folder.mkdir(parents=True)
            mark.write_text(identity, encoding="utf-8")
        try:
            yield folder
            mark.unlink()
            _replace(target, folder)
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def has_unfinished(target: Path) -> bool:
    """Return whether `resuming` was interrupted, and its folder was kept."""
    return _unfinished(target).exists()


def remove_unfinished(target: Path) -> None:
    """Remove the temporary folders of `target`. The caller must hold its lock.

    Raises:
        OSError: when they cannot be removed.
    """
    for leftover in target.parent.glob(f".{target.name}.*"):
        shutil.rmtree(leftover)


def _unfinished(target: Path) -> Path:
    return target.with_name(f".{target.name}.unfinished")


def _replace(target: Path, folder: Path) -> None:
    old = folder.with_name(f"{folder.name}.old")
    folder.chmod(0o755)  # mkdtemp creates folders that only their owner can read
    try:
        if target.exists():
            os.rename(target, old)
        os.rename(folder, target)
    finally:
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _reporting(target: Path) -> Iterator[None]:
    try:
        yield
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
