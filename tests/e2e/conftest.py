"""One browser for all modules, and one server for those that only read the examples."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from core.home import Home
from tests.support.dashboard import browsing, find_port, serving


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
