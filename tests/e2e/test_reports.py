"""A published report, opened over the HTTP API in a real browser."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.support.api import ApiServer, read_metrics, serve_api
from tests.support.dashboard import CHROMIUM

pytestmark = pytest.mark.xdist_group("browser")  # one server for all of them


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with serve_api(tmp_path_factory.mktemp("server")) as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_browser_draws_the_report_under_its_policy_and_other_pages(server: ApiServer, browser: Browser) -> None:
    page = browser.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{server.address}/reports/{server.report}")
    expect(page.locator("svg.marks, canvas.marks").first).to_be_visible()
    assert problems == []
    blocked = page.evaluate("fetch('/api/runs').then(() => 'read', () => 'blocked')")
    assert blocked == "blocked"

    page.goto(f"{server.address}/reports")  # the page of the dashboard, one path segment above, in a first session
    expect(page.get_by_test_id("stSidebarNav").get_by_text("Convolution lab")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports")
    until = time.monotonic() + 20
    while not read_metrics(server).get(("headroom_page_seconds_count", "Reports")):
        assert time.monotonic() < until
        time.sleep(0.2)
    page.close()
