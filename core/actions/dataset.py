"""Actions on datasets: download and add."""

from typing import IO

from core.access.action import needs
from core.access.role import Role, User
from core.datasets.fetch import FetchProgress, start_add, start_fetch
from core.home import Home


@needs(Role.TRAINER, "download datasets")
def fetch_data(user: User, home: Home, name: str) -> FetchProgress:
    """Start the download of a dataset (see `start_fetch`)."""
    return start_fetch(home, name)


@needs(Role.TRAINER, "add datasets")
def add_data(user: User, home: Home, name: str, archive: IO[bytes]) -> FetchProgress:
    """Start adding custom images from a ZIP archive (see `start_add`)."""
    return start_add(home, name, archive)
