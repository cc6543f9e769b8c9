"""The comparisons that displays are drawn from."""

from collections.abc import Callable
from functools import cache

import pytest

from core.home import Home
from core.store.comparison import Comparison
from tests.support.comparison_cases import CASES
from tests.support.run_writer import RunWriter


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Home, Comparison]]:
    """By name of the case: its home and comparison, made once for all tests of this file."""

    @cache
    def build(name: str) -> tuple[Home, Comparison]:
        home = Home(tmp_path_factory.mktemp(name))
        return home, Comparison.of(CASES[name](RunWriter(home)))

    return build


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, comparisons: Callable[[str], tuple[Home, Comparison]]) -> str:
    return str(request.param)


@pytest.fixture
def comparison(
    case: str, comparisons: Callable[[str], tuple[Home, Comparison]], monkeypatch: pytest.MonkeyPatch
) -> Comparison:
    home, found = comparisons(case)
    monkeypatch.setenv("HEADROOM_HOME", str(home.path))
    return found
