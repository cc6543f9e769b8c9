"""Trash of removed custom datasets, from which they can be restored."""

import shutil
from pathlib import Path

from core.datasets.atomic_folder import has_unfinished, remove_unfinished
from core.datasets.dataset_key import label_of, split_key
from core.datasets.fetch import forget, locked
from core.errors import DatasetError, HomeError
from core.home import Home
from core.spec import DATASETS


def list_removed(home: Home) -> list[str]:
    """List the keys of the removed datasets that can be restored."""
    try:
        names = [path.name for path in _folder(home).iterdir()]
    except OSError:  # missing, or not a readable folder
        return []
    return sorted(name for name in names if split_key(name)[1] or name in DATASETS)


def remove_dataset(home: Home, key: str) -> None:
    """Move a custom dataset to the trash. Processes that have its arrays open can still read them.

    An earlier dataset with the same name in the trash is deleted; so is an unfinished import.

    Raises:
        DatasetError: when it is not a custom dataset, does not exist, or is being added.
        HomeError: when the home cannot be written.
    """
    if not DATASETS[split_key(key)[0]].added:
        raise DatasetError(f"{label_of(key)} was not added by a user and cannot be removed.")
    target = home.datasets / key
    if not target.exists() and not has_unfinished(target):
        raise DatasetError(f"{label_of(key)} was not found; it may have been removed.")
    with locked(home, key, wait=False) as acquired:
        if not acquired:
            raise DatasetError(f"{label_of(key)} is being added. Try again when this has finished.")
        try:
            remove_unfinished(target)
            if target.exists():
                _folder(home).mkdir(exist_ok=True)
                shutil.rmtree(_folder(home) / key, ignore_errors=True)
                target.rename(_folder(home) / key)
            forget(home, key)
        except OSError as error:
            raise HomeError(f"Cannot remove {target}: {error.strerror}.") from error


def restore_removed(home: Home, key: str) -> None:
    """Restore a removed dataset.

    Raises:
        DatasetError: when the trash does not contain it, or its name has been used again.
        HomeError: when the home cannot be written.
    """
    if key not in list_removed(home):
        raise DatasetError(f"{label_of(key)} is not in the trash; it may have been deleted permanently.")
    with locked(home, key, wait=True):
        if (home.datasets / key).exists():
            raise DatasetError(f"Cannot restore {label_of(key)}: another dataset has this name. Remove it first.")
        try:
            (_folder(home) / key).rename(home.datasets / key)
        except OSError as error:
            raise HomeError(f"Cannot restore {home.datasets / key}: {error.strerror}.") from error


def clear_removed(home: Home) -> None:
    """Permanently delete the removed datasets."""
    shutil.rmtree(_folder(home), ignore_errors=True)


def _folder(home: Home) -> Path:
    return home.datasets / ".removed"
