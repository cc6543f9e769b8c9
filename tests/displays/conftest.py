"""Comparisons that the display tests draw."""

from functools import cache

import pytest

from core.home import Home
from core.store.comparison import Comparison
from tests.support.comparison_cases import CASES, MORE_CASES, Comparisons
from tests.support.run_writer import RunWriter


@pytest.fixture(scope="session")
def comparisons(tmp_path_factory: pytest.TempPathFactory) -> Comparisons:
    """Home and comparison by name of the case, each created once."""

    @cache
    def build(name: str) -> tuple[Home, Comparison]:
        home = Home(tmp_path_factory.mktemp(name))
        return home, Comparison.of((CASES | MORE_CASES)[name](RunWriter(home)))

    return build
