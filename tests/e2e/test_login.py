"""A login with a real provider in a real browser."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Page, expect

from core.home import Home
from core.reports.build import build_document
from core.reports.report import Report, TextBlock
from core.reports.report_store import ReportStore
from core.reports.view_link import create_view_link
from core.store.run_store import RunStore
from tests.support.dashboard import CHROMIUM, WAIT, find_port, serving, wait_until_up
from tests.support.login import AUTH, HEADROOM
from tests.support.markers import long
from tests.support.run_writer import RunWriter


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[str]:
    """Address of a provider on this machine with the users vera, ada and zoe, who has no role."""
    port = find_port()
    emails = {"vera": "vera@example.org", "ada": "ada@example.org", "zoe": "zoe@other.org"}
    users = [{"sub": name, "email": email, "email_verified": True} for name, email in emails.items()]
    words = [word for user in users for word in ("--user-claims", json.dumps(user))]
    with (tmp_path / "provider.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *words],
            env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_up(f"http://127.0.0.1:{port}/", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)


@pytest.fixture
def dashboard(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str, make_run: RunWriter
) -> Iterator[str]:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))
    make_run()
    port = find_port()
    auth = {**AUTH, "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback"}
    auth["server_metadata_url"] = f"{provider}/.well-known/openid-configuration"
    sections = {"auth": auth, "headroom.roles": HEADROOM["roles"]}
    lines = [
        line
        for section, entries in sections.items()
        for line in (f"[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in entries.items()))
    ]
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("\n".join(lines))
    with serving(home, tmp_path / "dashboard.log", port, "--secrets.files", str(secrets), script="asgi.py") as address:
        yield address


def publish_report(home: Home) -> tuple[str, str]:
    """Publish a report; return its address and the path of a view-only link to it."""
    store, reports = RunStore(home), ReportStore(home)
    text = TextBlock(text="# Shared words\n\n$x^2$")
    draft = reports.create(Report(title="A", runs=(store.frame()["run_id"][0],), blocks=(text,)), "")
    address = reports.publish(draft, build_document(draft.report, store), "").address
    return address, create_view_link(reports, address, "")[0]


def log_in(page: Page, name: str) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name=name).click()
    expect(page.get_by_test_id("stSidebar").get_by_text(f"{name}@example.org")).to_be_visible()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="End session").click()  # at the provider
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def send(page: Page, address: str) -> APIResponse:
    """Request an address with the cookies of a page, again if the server has just closed the idle connection."""
    return page.request.get(address, max_retries=2)


@long  # tests/ui/test_login.py has the pages of every role without a browser
@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_users_log_in_act_by_their_role_and_log_out(
    browser: Browser, dashboard: str, home: Home, tmp_path: Path
) -> None:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(WAIT)
    page.goto(f"{dashboard}/train")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
    assert send(page, f"{dashboard}/api/runs").status == 401

    page.goto(f"{dashboard}/curves?smoothing=0.5")
    log_in(page, "vera")
    expect(page).to_have_url(
        re.compile(r"/curves\?smoothing=0\.5(&compare=recipe%3Adigits-heads%3A[0-9a-f]{8})?$")
    )  # the link survives the login
    assert send(page, f"{dashboard}/api/runs").json()["total"] == 1
    page.goto(f"{dashboard}/train?epochs=7")
    expect(page.get_by_role("button", name=re.compile("^Train [0-9]+ runs?$"))).to_be_disabled()
    expect(page.get_by_text("You need the trainer role to start training.")).to_be_visible()
    log_out(page)
    assert send(page, f"{dashboard}/api/runs").status == 401

    address, shared = publish_report(home)
    assert send(page, f"{dashboard}/reports/{address}").status == 401
    assert send(page, f"{dashboard}/{shared}").status == 200  # a view-only link needs no login
    page.goto(f"{dashboard}/reports/{address}#runs")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="ada").click()
    page.wait_for_url(f"{dashboard}/reports/{address}#runs")  # the link to the report survives the login
    expect(page.get_by_role("heading", name="Shared words")).to_be_visible()
    expect(page.locator("math msup")).to_be_visible()
    page.goto(f"{dashboard}/reports?report={address}")
    expect(page.locator("math msup")).to_be_visible()  # on the page as well
    page.goto(f"{dashboard}/runs?runs_search=epochs:3")
    page.get_by_test_id("stDataFrame").locator("canvas").first.click(position={"x": 14, "y": 52}, force=True)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("1 deleted run can be restored.")).to_be_visible()
    assert len(RunStore(home).deleted()) == 1

    log_out(page)
    page.goto(f"{dashboard}/curves?smoothing=0.7")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="zoe").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(secrets.read_text().replace('"@example.org"', '"@example.org", "@other.org"'))
    time.sleep(3)  # within which a changed role is known
    page.reload()
    page.wait_for_url(re.compile(r"/curves\?smoothing=0\.7"))  # the link waited for the role
    page.context.close()
