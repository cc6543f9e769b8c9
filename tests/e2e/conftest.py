"""One browser for all modules, one server for those that only read the examples, and functions that open pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from core.home import Home
from tests.support.dashboard import Open, browsing, find_port, serving, visiting


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with browsing() as opened:
        yield opened


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Visitor who has dismissed the tour. Its pages share a cache: a new one loads megabytes of scripts again."""
    opened = browser.new_context()
    opened.add_init_script("localStorage.setItem('headroom-tour', 'dismissed')")
    yield opened
    opened.close()


@pytest.fixture(scope="package")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server for all tests that only read; its home has only the examples."""
    folder = tmp_path_factory.mktemp("shared")
    with serving(Home(folder / "home"), folder / "dashboard.log", find_port()) as address:
        yield address


@pytest.fixture
def server(home: Home, tmp_path: Path) -> Iterator[str]:
    """Start a server on the home of this test."""
    with serving(home, tmp_path / "dashboard.log", find_port()) as address:
        yield address


@pytest.fixture
def visit(context: BrowserContext, server: str) -> Iterator[Open]:
    with visiting(context, server) as open_page:
        yield open_page


@pytest.fixture
def read(context: BrowserContext, shared_server: str) -> Iterator[Open]:
    with visiting(context, shared_server) as open_page:
        yield open_page
