"""View-only links over HTTP: a version opens without an account, and nothing else does."""

import asyncio
import logging
from collections.abc import Mapping

import httpx
import pytest
from starlette.applications import Starlette

from core.access.role import User
from core.api.report import hide_link_secrets
from core.api.route import build_routes
from core.errors import LoginError
from core.home import Home
from core.reports.build import build_document
from core.reports.report import Report, TextBlock
from core.reports.report_store import ReportStore
from core.reports.view_link import create_view_link, revoke_view_link
from core.store.run_store import RunStore
from tests.support.run_writer import RunWriter

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def refuse(headers: Mapping[str, str], cookies: Mapping[str, str]) -> User:
    raise LoginError("You are not logged in.")


def test_link_opens_one_version_without_a_login(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    run, reports = RunWriter(home)(), ReportStore(home)
    draft = reports.create(Report(title="<b>A</b>", runs=(run.run_id,), blocks=(TextBlock(text="words"),)), "ada")
    address = reports.publish(draft, build_document(draft.report, RunStore(home)), "ada").address
    path, name = create_view_link(reports, address, "ada")
    secret = path.rpartition("/")[2]

    async def ask() -> None:
        transport = httpx.ASGITransport(Starlette(routes=build_routes(home, refuse, "/lab")))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost/lab") as client:
            found = await client.get(path, headers=BROWSER)
            assert (found.status_code, found.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert "words" in found.text
            assert "&lt;b&gt;A&lt;/b&gt;" in found.text
            assert found.headers["referrer-policy"] == "no-referrer"
            assert found.headers["x-robots-tag"] == "noindex, nofollow"
            assert "no-cache" in found.headers["cache-control"]
            repeated = await client.get(path, headers={"If-None-Match": found.headers["etag"]})
            assert repeated.status_code == 304
            assert (await client.head(path)).status_code == 200
            assert (await client.post(path)).status_code == 405
            closed = (await client.get(f"reports/{address}"), await client.get("api/runs"))
            assert [reply.status_code for reply in closed] == [401, 401]

            wrong = f"shared/{address}/{secret[:-1]}<b>"
            reply = await client.get(wrong, headers=BROWSER)  # a browser gets a page
            assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
            assert "<p>This link is not valid; it may have been revoked." in reply.text
            assert "<b>" not in reply.text
            reply = await client.get(wrong)  # a script gets JSON
            assert (reply.status_code, reply.headers["content-type"]) == (404, "application/json")
            for other in (f"shared/{draft.id}/{secret}", f"shared/{address}", f"shared/{address}/{secret}/x",
                          f"shared/{address}/{'x' * 5000}", f"{path}?report=x"):  # fmt: skip
                assert (await client.get(other)).status_code in (400, 404), other
            revoke_view_link(reports, draft.id, name)
            revoked = await client.get(path, headers={"If-None-Match": found.headers["etag"]})
            assert revoked.status_code == 404
            assert secret not in revoked.text

    with caplog.at_level(logging.DEBUG):
        asyncio.run(ask())
    own = [record.getMessage() for record in caplog.records if record.name.startswith(("headroom", "core"))]
    assert not any(secret in message for message in own)


def test_access_log_of_the_server_has_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    hide_link_secrets()
    with caplog.at_level(logging.INFO, "uvicorn.access"):
        logging.getLogger("uvicorn.access").info(
            '%s - "%s %s HTTP/%s" %d', "1.2.3.4", "GET", "/lab/shared/r7k2m9qx-1/SECRET?x=1", "1.1", 200
        )
    assert caplog.messages == ['1.2.3.4 - "GET /lab/shared/r7k2m9qx-1/…?x=1 HTTP/1.1" 200']
