"""A home with a file of every kind, for all tests of this folder."""

from collections.abc import Iterator

import pytest

from core.home import Home
from tests.support.full_home import fill_home
from tests.support.home_reader import GOOD, OTHER


@pytest.fixture(scope="package")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with a file of every kind: runs, notes, jobs, a sweep, a report and a dataset."""
    with pytest.MonkeyPatch.context() as patch:
        home = Home(tmp_path_factory.mktemp("full") / "home")
        patch.setenv("HEADROOM_HOME", str(home.path))
        patch.setenv("HEADROOM_EXAMPLES", str(home.path / "no-examples"))
        fill_home(home, tmp_path_factory.mktemp("outside"), (GOOD, OTHER))
        yield home
