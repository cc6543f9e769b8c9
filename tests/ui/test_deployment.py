"""Settings of a deployment in Streamlit: options, refused starts and requests, and the base of links."""

import asyncio
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit import config

from core.access import deployment as access_deployment
from core.cli.deployment_check import examine_deployment
from core.home import Home
from core.ui import access, deployment, request_guard
from core.ui.deployment import apply_deployment, find_base_url
from core.ui.page_base import PageBase
from core.ui.request_guard import RequestGuard, is_own_origin
from tests.support.paths import ROOT

OPTIONS = (
    "server.allowedHosts", "server.corsAllowedOrigins", "server.baseUrlPath", "server.address", "server.port",
    "server.headless",
)  # fmt: skip


@pytest.fixture
def open_dashboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A dashboard without a login, whose options are restored."""
    kept = {name: st.get_option(name) for name in OPTIONS}
    for module in (deployment, request_guard):
        if hasattr(module, "read_login"):
            monkeypatch.setattr(module, "read_login", lambda: None)
    monkeypatch.setattr(access, "read_login", lambda: None)
    connected: list[Any] = []
    on_config_parsed = config.on_config_parsed
    monkeypatch.setattr(
        config, "on_config_parsed", lambda *args, **kwargs: connected.append(on_config_parsed(*args, **kwargs))
    )
    for name in ("ADDRESS", "HOSTS", "URL", "OPEN_ACCESS", "READ_ONLY"):
        monkeypatch.delenv(f"HEADROOM_{name}", raising=False)
    yield
    for disconnect in connected:
        disconnect()
    for name, value in kept.items():
        config.set_option(name, value)


def test_only_the_server_prints_its_address_when_the_port_is_known(
    open_dashboard: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("streamlit.cli_util.open_browser", opened.append)

    async def start() -> None:
        async with request_guard.announce_address(None):
            pass

    for headless, mode, expected in (
        (True, "starlette-app", "Dashboard: http://localhost:8507 (Ctrl-C stops it)\n"),
        (False, "starlette-app", "Dashboard: http://localhost:8507 (Ctrl-C stops it)\n"),
        (False, "asgi-server", ""),  # it prints its own
    ):
        monkeypatch.setattr(config, "_server_mode", mode)
        config.set_option("server.port", 8507)  # as Streamlit does if 8501 is taken
        config.set_option("server.headless", headless)
        asyncio.run(start())
        assert capfd.readouterr().err == expected
    assert opened == ["http://localhost:8507"]
    for path in ("Makefile", "core/cli/serve.py"):
        assert "http://localhost" not in (ROOT / path).read_text()


def test_settings_are_added_to_the_options(open_dashboard: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_URL", "https://a.org/lab")
    monkeypatch.setenv("HEADROOM_HOSTS", "*.hf.space")
    monkeypatch.setenv("HEADROOM_READ_ONLY", "1")
    config.set_option("server.allowedHosts", ["localhost"])
    apply_deployment()
    assert st.get_option("server.allowedHosts") == ["localhost", "*.hf.space", "a.org"]
    assert st.get_option("server.baseUrlPath") == "lab"
    assert st.get_option("server.corsAllowedOrigins")[-1] == "https://a.org"
    assert is_own_origin(_headers("https://a.org"))
    assert not is_own_origin(_headers("https://b.org"))
    config._on_config_parsed.send()  # config.toml was changed: the options stay
    assert st.get_option("server.allowedHosts") == ["localhost", "*.hf.space", "a.org"]
    assert find_base_url() == ("https://a.org/lab", True)
    monkeypatch.delenv("HEADROOM_URL")
    base, public = find_base_url()
    assert base.startswith("http://localhost")
    assert not public


@pytest.mark.parametrize(
    ("name", "value"),
    [("URL", "https://a.org"), ("HOSTS", "a.org"), ("HOSTS", "*"), ("URL", "a.org"), ("OPEN_ACCESS", "yes"),
     ("READ_ONLY", "yes")],
)  # fmt: skip
def test_unsafe_or_invalid_start_is_refused_with_a_sentence(
    open_dashboard: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    config.set_option("server.allowedHosts", ["localhost"])
    config.set_option("server.address", "localhost")
    apply_deployment()  # the default is safe
    monkeypatch.setenv(f"HEADROOM_{name}", value)
    with pytest.raises(SystemExit, match=r"^The dashboard does not start. (Everyone|Expected HEADROOM_)"):
        apply_deployment()
    if name in ("URL", "HOSTS") and value != "a.org":
        monkeypatch.setenv("HEADROOM_OPEN_ACCESS", "1")
        apply_deployment()


@pytest.mark.parametrize(
    ("prefix", "path", "query", "address"),
    [("", "/compare", "", "./"), ("", "/compare", "compare=runs%3Aa&b=%C3%A9", "./?compare=runs%3Aa&b=%C3%A9"),
     ("lab", "/lab/compare", "a=1", "./?a=1"), ("lab", "/compare", "", None), ("", "/api/compare", "", None),
     ("", "/", "compare=x", None)],
)  # fmt: skip
def test_start_page_is_served_at_one_address(
    open_dashboard: None, prefix: str, path: str, query: str, address: str | None
) -> None:
    config.set_option("server.baseUrlPath", prefix)
    scope = {"type": "http", "path": path, "query_string": query.encode()}
    assert request_guard.find_redirect(scope) == address


@pytest.mark.parametrize(
    ("prefix", "path", "kind", "changed"),
    [("", "/jobs", "text/html", True), ("lab", "/lab/jobs", "text/html", True), ("", "/", "text/html", False),
     ("", "/jobs", "application/json", False), ("", "/reports/r7k2m9qx", "text/html", False),
     ("", "/_stcore/health", "text/html", False), ("lab", "/jobs", "text/html", False)],
)  # fmt: skip
def test_pages_contain_their_base_address(
    open_dashboard: None, prefix: str, path: str, kind: str, changed: bool
) -> None:
    config.set_option("server.baseUrlPath", prefix)
    html = b"<html><head></head><body>_stcore</body></html>"
    sent: list[dict[str, Any]] = []
    seen: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"etag", b"x")]})
        for part in (html[:20], html[20:]):
            await send({"type": "http.response.body", "body": part, "more_body": part == html[:20]})

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"accept", kind.encode()), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    asyncio.run(PageBase(app)(scope, None, send))
    body = b"".join(message.get("body", b"") for message in sent)
    assert (b"BACKEND_BASE_URL" in body) == changed
    assert (b"accept-encoding" in seen) != changed
    assert (dict(sent[0]["headers"]).get(b"content-length") == str(len(body)).encode()) == changed
    assert body.endswith(html[20:])


def test_address_of_another_server_is_refused(open_dashboard: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """`uvicorn asgi:app --host 0.0.0.0` does not set `server.address`."""
    answered: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        answered.append(scope["server"][0])

    def ask(address: str, kind: str = "http") -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": kind, "server": (address, 8501), "path": "/", "method": "GET", "headers": []}
        asyncio.run(RequestGuard(app)(scope, None, send))  # type: ignore[arg-type]
        return sent

    for address in ("127.0.0.1", "::1", "localhost"):
        assert ask(address) == []
    assert len(answered) == 3
    for address in ("10.0.0.5", "192.168.1.2", "fe80::1", "0.0.0.0"):
        assert ask(address)[0]["status"] == 403
        assert ask(address, "websocket") == [{"type": "websocket.close", "code": 1008}]
    assert len(answered) == 3
    for name in ("READ_ONLY", "OPEN_ACCESS"):
        monkeypatch.setenv(f"HEADROOM_{name}", "1")
        assert ask("10.0.0.5") == []
        monkeypatch.delenv(f"HEADROOM_{name}")


def test_deployment_check_finds_each_problem(
    open_dashboard: None, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.cli.deployment_check.Path.expanduser", lambda path: tmp_path / "none")
    folder = tmp_path / ".streamlit"
    folder.mkdir()
    (folder / "config.toml").write_text('[server]\naddress = "localhost"\nallowedHosts = ["localhost"]\nport = 1\n')
    home.path.mkdir(exist_ok=True)

    def examine() -> dict[str, tuple[str, str]]:
        return {one.name.split(" ")[0]: (one.level, one.text) for one in examine_deployment(home, tmp_path)}

    found = examine()
    assert {level for name, (level, _) in found.items()} == {"ok", "note"}
    assert "does not respond (Connection refused)" in found["Response"][1]
    monkeypatch.setenv("HEADROOM_URL", "http://a.org:1")
    found = examine()
    assert found["Address"][0] == "problem"
    assert "has no HTTPS" in found["Public"][1]
    monkeypatch.setenv("HEADROOM_URL", "https://localhost:1/lab")
    secrets = folder / "secrets.toml"
    secrets.touch(0o644)
    assert examine()["Secrets"] == ("ok", "empty")
    uri, role = "https://localhost:1/oauth2callback", '[headroom.roles]\nadmin = ["a@b.org"]\n'
    auth = f'[auth]\nredirect_uri = "{uri}"\ncookie_secret = "{"x" * 32}"\nclient_id = "a"\nclient_secret = "b"\n'
    secrets.write_text(auth + 'server_metadata_url = "https://c.org"\n' + role)
    secrets.chmod(0o644)
    found = examine()
    assert found["Secrets"] == ("problem", f"Other users can read it (mode 644). Run: chmod 600 {secrets}")
    assert "Expected redirect_uri in [auth] to be https://localhost:1/lab/oauth2callback" in found["Login"][1]
    monkeypatch.setenv("HEADROOM_URL", "https://localhost:1")
    secrets.chmod(0o600)
    found = examine()
    assert (found["Secrets"][0], found["Login"]) == ("ok", ("ok", "default; 1 entry in the role table."))
    secrets.write_text(auth)
    assert "No user has access." in examine()["Login"][1]
    monkeypatch.setattr("core.cli.deployment_check.os.access", lambda path, mode: mode != 3)
    assert "Set HEADROOM_READ_ONLY=1 if this is intended." in examine()["Home"][1]
    monkeypatch.setenv("HEADROOM_READ_ONLY", "1")
    assert examine()["Home"] == ("ok", f"{home.path}: read-only, as intended")


def test_every_target_serves_the_api_also_after_pages_are_reloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "run dashboard.py" not in (ROOT / "Makefile").read_text(encoding="utf-8")
    monkeypatch.setenv(access_deployment._SERVES_API, "")
    found = importlib.util.spec_from_file_location("reloaded", access_deployment.__file__)
    assert found
    assert found.loader
    reloaded = importlib.util.module_from_spec(found)
    found.loader.exec_module(reloaded)
    assert not reloaded.serves_api()
    access_deployment.note_api()
    assert reloaded.serves_api()
    monkeypatch.setattr("os.getpid", lambda: -1)  # a process that the server has started
    assert not reloaded.serves_api()


def _headers(origin: str) -> Any:
    from starlette.datastructures import Headers

    return Headers({"host": "127.0.0.1:8501", "origin": origin})
