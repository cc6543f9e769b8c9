"""Every operation in a home with one run and nothing else: no answer is a server error."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from core.access.role import OWNER
from core.api.route import build_routes
from core.home import Home
from tests.support.dispatcher import without_dispatcher
from tests.support.run_writer import RunWriter

VALUES = {"report_id": "r7k2m9qx", "address": "r7k2m9qx-1", "name": "a.json", "number": "1",
          "secret": "x" * 43}  # fmt: skip
BODIES = {"/api/reports/{report_id}/comments": {"text": "Why?"}}


def test_no_operation_fails_in_a_home_without_jobs_and_reports(
    home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {**VALUES, "run_id": make_run().run_id}
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(home.path / "no-examples"))

    async def ask_all() -> dict[str, int]:
        transport = httpx.ASGITransport(Starlette(routes=build_routes(home, lambda headers, cookies: OWNER, "")))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            paths = (await client.get("/api/openapi.json")).json()["paths"]
            found = {}
            for path, operations in paths.items():
                for method in operations:
                    body = {"json": BODIES.get(path, {})} if method == "post" else {}
                    reply = await client.request(method, path.format(**values), **body)
                    found[f"{method} {path}"] = reply.status_code
            return found

    with without_dispatcher(home):
        found = asyncio.run(ask_all())
    assert len(found) >= 23
    assert {name: status for name, status in found.items() if status >= 500} == {}
    assert found["post /api/jobs/{run_id}/cancel"] == 400
    assert found["post /api/reports/{report_id}/comments"] == 404
