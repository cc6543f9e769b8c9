"""Reports opened in a browser without a login: a user gets to the login page, a script gets JSON."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from starlette.applications import Starlette

from core.access.role import User
from core.api.route import build_routes
from core.errors import LoginError
from core.home import Home

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def refuse(headers: Mapping[str, str], cookies: Mapping[str, str]) -> User:
    raise LoginError("You are not logged in.")


def get(home: Home, path: str, headers: dict[str, str], base: str = "") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=build_routes(home, refuse, base)))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize(("base", "root"), [("", "/"), ("/lab", "/lab/")])
def test_user_is_redirected_to_the_login_page(home: Home, base: str, root: str) -> None:
    reply = get(home, f"{base}/reports/r7k2m9qx-2", {"Accept": BROWSER}, base)
    assert reply.status_code == 303
    assert reply.headers["location"] == f"{root}?next={base.replace('/', '%2F')}%2Freports%2Fr7k2m9qx-2"
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/reports/r7k2m9qx", {}),
        ("/reports/r7k2m9qx", {"Accept": "application/json"}),
        ("/reports/r7k2m9qx", {"Accept": BROWSER, "Authorization": "Bearer x"}),
        ("/api/runs", {"Accept": BROWSER}),
        ("/metrics", {"Accept": BROWSER}),
    ],
)
def test_script_gets_json(home: Home, path: str, headers: dict[str, str]) -> None:
    reply = get(home, path, headers)
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert reply.json() == {"error": "You are not logged in."}
