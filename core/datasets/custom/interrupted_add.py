"""Cancelling, continuing and discarding the import of an uploaded archive."""

from core.datasets.atomic_folder import remove_unfinished
from core.datasets.dataset_key import label_of
from core.datasets.fetch import cancel_mark, fetch_folder, forget, locked, read_fetch
from core.errors import DatasetError, HomeError
from core.home import Home


def can_continue(home: Home, key: str) -> bool:
    """Return whether an uploaded archive is saved whose import was interrupted."""
    found = read_fetch(home, key)
    if found is None or found.alive or not found.error:
        return False
    return (fetch_folder(home) / f"{key}.zip").exists()


def cancel_add(home: Home, key: str) -> None:
    """Ask the process that adds a dataset to stop; it does so within a second. `continue_add` continues.

    Raises:
        DatasetError: when the dataset is not being added.
        HomeError: when the home cannot be written.
    """
    found = read_fetch(home, key)
    if found is None or not found.alive:
        raise DatasetError(f"{label_of(key)} is not being added.")
    try:
        cancel_mark(home, key).touch()
    except OSError as error:
        raise HomeError(f"Cannot write {fetch_folder(home)}: {error.strerror}.") from error


def is_cancelled(home: Home, key: str) -> bool:
    """Return whether the process that adds a dataset was asked to stop and has not done so yet."""
    return cancel_mark(home, key).exists()


def discard_add(home: Home, key: str) -> None:
    """Delete an interrupted import with its archive.

    Raises:
        DatasetError: when the dataset is being added.
        HomeError: when the home cannot be written.
    """
    with locked(home, key, wait=False) as acquired:
        if not acquired:
            raise DatasetError(f"{label_of(key)} is being added. Cancel it first.")
        try:
            remove_unfinished(home.datasets / key)
            forget(home, key)
        except OSError as error:
            raise HomeError(f"Cannot remove the files of {label_of(key)}: {error.strerror}.") from error
