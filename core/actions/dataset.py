"""Datasets: fetching those that are known, and adding images of one's own."""

from typing import IO

from core.access.action import needs
from core.access.role import Role, User
from core.datasets.fetch import FetchProgress, start_add, start_fetch
from core.home import Home


@needs(Role.TRAINER, "fetch a dataset")
def fetch_data(user: User, home: Home, name: str) -> FetchProgress:
    """As `start_fetch`."""
    return start_fetch(home, name)


@needs(Role.TRAINER, "add images")
def add_data(user: User, home: Home, name: str, archive: IO[bytes]) -> FetchProgress:
    """As `start_add`."""
    return start_add(home, name, archive)
