"""A home without examples whose queued jobs stay queued."""

from collections.abc import Iterator

import pytest

from core.home import Home
from tests.support.racing import without_training


@pytest.fixture
def racing_home(home: Home) -> Iterator[Home]:
    with without_training(home):
        yield home
