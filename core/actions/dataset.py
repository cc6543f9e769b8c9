"""Actions on datasets: download, add, remove and restore."""

from collections.abc import Iterable
from pathlib import Path
from typing import IO

from core.access.action import needs
from core.access.role import Role, User
from core.augment.fit import Fit
from core.datasets.custom.interrupted_add import cancel_add, discard_add
from core.datasets.custom.removed import clear_removed, remove_dataset, restore_removed
from core.datasets.custom.web_archive import check_url
from core.datasets.fetch import continue_add, start_add, start_add_url, start_fetch
from core.datasets.fetch_progress import FetchProgress
from core.home import Home
from core.installation import find_tensorflow_problem
from core.jobs.dataset_use import check_unused


@needs(Role.TRAINER, "download datasets", find_tensorflow_problem)
def fetch_data(user: User, home: Home, name: str) -> FetchProgress:
    """Start the download of a dataset (see `start_fetch`)."""
    return start_fetch(home, name)


@needs(Role.TRAINER, "add datasets")
def add_data(user: User, home: Home, name: str, archive: IO[bytes], fit: Fit = "crop") -> FetchProgress:
    """Start adding custom images from a ZIP archive (see `start_add`)."""
    return start_add(home, name, archive, fit=fit, origin=Path(str(getattr(archive, "name", ""))).name)


@needs(Role.TRAINER, "cancel the import of datasets")
def cancel_import(user: User, home: Home, key: str) -> None:
    """Stop adding custom images (see `cancel_add`)."""
    cancel_add(home, key)


@needs(Role.TRAINER, "add datasets")
def continue_import(user: User, home: Home, key: str) -> FetchProgress:
    """Continue adding custom images after an interruption (see `continue_add`)."""
    return continue_add(home, key)


@needs(Role.TRAINER, "discard the import of datasets")
def discard_import(user: User, home: Home, key: str) -> None:
    """Delete an interrupted import of custom images (see `discard_add`)."""
    discard_add(home, key)


@needs(Role.TRAINER, "add datasets")
def add_web_data(user: User, home: Home, name: str, url: str, fit: Fit = "crop") -> FetchProgress:
    """Start adding custom images from an archive at an https address in a public network (see `start_add_url`)."""
    check_url(url)
    return start_add_url(home, name, url, fit)


@needs(Role.ADMIN, "remove datasets")
def remove_data(user: User, home: Home, key: str) -> None:
    """Move a custom dataset to the trash, unless an unfinished job needs it (see `remove_dataset`)."""
    check_unused(home, key)
    remove_dataset(home, key)


@needs(Role.ADMIN, "restore datasets")
def restore_data(user: User, home: Home, keys: Iterable[str]) -> None:
    """Restore removed datasets (see `restore_removed`)."""
    for key in keys:
        restore_removed(home, key)


@needs(Role.ADMIN, "delete datasets permanently")
def clear_data(user: User, home: Home) -> None:
    """Delete all datasets in the trash permanently (see `clear_removed`)."""
    clear_removed(home)
