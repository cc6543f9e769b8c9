"""Cross-origin requests and of visitors without a login, against real servers."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from core.cli.deployment_check import examine_deployment
from core.home import Home
from core.ui.request_guard import MAX_VISITOR_MESSAGE, MAX_VISITORS
from tests.support.dashboard import find_port, serving
from tests.support.login import AUTH, HEADROOM
from tests.support.markers import long

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("requests")]
UPLOAD_MB = 20
_SERVING_API: set[str] = set()


@pytest.fixture(scope="module", params=["dashboard.py", pytest.param("asgi.py", marks=long)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server without a login, which accepts one other origin."""
    folder = tmp_path_factory.mktemp("server")
    other = ("--server.corsAllowedOrigins", "https://headroom.example.org", "--server.maxUploadSize", str(UPLOAD_MB))
    with serving(Home(folder), folder / "log", find_port(), *other, script=request.param) as address:
        if request.param == "asgi.py":
            _SERVING_API.add(address)
        yield address
    assert "External URL" not in (folder / "log").read_text()


@pytest.fixture(scope="module", params=["dashboard.py", pytest.param("asgi.py", marks=long)])
def locked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server that requires a login."""
    folder = tmp_path_factory.mktemp("locked")
    sections = {"auth": AUTH, "headroom.roles": HEADROOM["roles"]}
    lines = [
        line
        for section, entries in sections.items()
        for line in (f"[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in entries.items()))
    ]
    (folder / "secrets.toml").write_text("\n".join(lines))
    secrets = ("--secrets.files", str(folder / "secrets.toml"))
    with serving(Home(folder), folder / "log", find_port(), *secrets, script=request.param) as address:
        yield address


def open_stream(address: str, *origins: str, host: str | None = None) -> ClientConnection:
    url = urlsplit(address)
    return connect(
        f"ws://{host or url.netloc}/_stcore/stream",
        additional_headers=[("Origin", origin) for origin in origins],
        subprotocols=["streamlit"],  # type: ignore[list-item]
        proxy=None,
        max_size=None,
        open_timeout=20,
        close_timeout=0.1,  # the server reads the end of a slowed stream late
    )


def begin(stream: ClientConnection) -> str:
    """Request a page, wait until it is complete and return the ID of the session."""
    message = BackMsg()
    message.rerun_script.query_string = ""
    stream.send(message.SerializeToString())
    session = ""
    while True:
        answer = ForwardMsg.FromString(stream.recv(timeout=60))  # type: ignore[arg-type]
        if answer.WhichOneof("type") == "new_session":
            session = answer.new_session.initialize.session_id
        if answer.WhichOneof("type") == "script_finished":
            return session


def upload(address: str, session: str, size: int, **headers: str) -> int:
    """Upload a file of zeros and return the status of the response."""
    url = urlsplit(address)
    client = http.client.HTTPConnection(url.netloc, timeout=60)
    client.request("GET", "/_stcore/health")
    answer = client.getresponse()
    answer.read()
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    body = head + bytes(size) + b"\r\n--x--\r\n"
    sent = {
        "Content-Type": "multipart/form-data; boundary=x", "Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2],
        **headers,
    }  # fmt: skip
    client.request("PUT", f"/_stcore/upload_file/{session}/{time.monotonic_ns()}", body, sent)
    status = client.getresponse().status
    client.close()
    return status


def test_deployment_check_connects_as_a_browser(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", str(urlsplit(server).port))
    monkeypatch.setenv("HEADROOM_ADDRESS", "localhost")
    found = {one.name: one for one in examine_deployment(Home(tmp_path), tmp_path)}
    assert {found[name].level for name in ("Address", "Response", "WebSocket")} == {"ok"}
    assert found["HTTP API"].text.startswith("served" if server in _SERVING_API else "not served")
    monkeypatch.setenv("HEADROOM_URL", f"http://127.0.0.1:{urlsplit(server).port}/prefix")
    assert "responds with status" in [*examine_deployment(Home(tmp_path), tmp_path)][-1].text


def test_cross_origin_requests_are_refused_without_delay(server: str) -> None:
    port = urlsplit(server).port
    refused = [
        ("http://evil.example.org",), ("null",), ("",), (f"http://evil.example.org:{port}",), ("file://",),
        ("http://[",), (f"http://localhost.evil.org:{port}",), ("http://127.0.0.1:1",), ("http://localhost",),
        (f"http://127.0.0.1:{port}@evil.org",), (f"http://user@127.0.0.1:{port}",), ("ftp://127.0.0.1",),
        (server, "http://evil.example.org"), ("http://headroom.example.org",), ("https://headroom.example.org.evil.org",),
    ]  # fmt: skip
    begun = time.monotonic()
    for origins in refused:
        with pytest.raises(InvalidStatus) as error, open_stream(server, *origins):
            pass
        assert error.value.response.status_code == (403 if len(origins) == 1 else 400), origins
    assert time.monotonic() - begun < 5


def test_own_origins_and_programs_are_accepted(server: str) -> None:
    port = urlsplit(server).port
    for origins in [
        (server,), (f"http://localhost:{port}",), ("https://headroom.example.org",), (),
    ]:  # fmt: skip
        with open_stream(server, *origins) as stream:
            assert begin(stream)


def test_uploads_are_bounded_per_session(server: str) -> None:
    with open_stream(server, server) as stream:
        session = begin(stream)
        assert upload(server, session, 10, Origin="http://evil.example.org") == 403
        assert upload(server, session, 10, Origin=server) == 204
        size = (UPLOAD_MB - 1) * 1024 * 1024
        assert [upload(server, session, size) for _ in range(3)] == [204, 204, 413]
    for length in ("-1", "+5", "1e3", ""):
        assert upload(server, session, 10, **{"Content-Length": length}) in (400, 411)


def test_visitor_without_login_uploads_nothing(locked: str) -> None:
    with open_stream(locked, locked) as stream:
        assert upload(locked, begin(stream), 1000) == 401


def test_long_message_is_refused_before_it_is_buffered(locked: str) -> None:
    with open_stream(locked, locked) as stream:
        stream.socket.sendall(
            bytes([0x82, 0xFF]) + (MAX_VISITOR_MESSAGE + 1).to_bytes(8, "big") + bytes(4)
        )  # only its header
        with pytest.raises(ConnectionClosed) as closed:
            stream.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


@long  # fills the server with script runs
def test_visitors_without_login_cannot_fill_or_slow_the_server(locked: str) -> None:
    with open_stream(locked, locked) as stream:
        begin(stream)
        stream.send(bytes(MAX_VISITOR_MESSAGE + 1))
        with pytest.raises(ConnectionClosed) as closed:
            list(stream)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    with ExitStack() as opened:
        streams = [opened.enter_context(open_stream(locked, locked)) for _ in range(MAX_VISITORS)]
        with open_stream(locked, locked) as late:  # the oldest one is closed
            assert begin(late)
        with pytest.raises(ConnectionClosed) as closed:
            list(streams[0])
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        message = BackMsg()
        message.rerun_script.query_string = ""
        for stream in streams[1:]:
            for _ in range(5):
                stream.send(message.SerializeToString())
        begun = time.monotonic()
        client = http.client.HTTPConnection(urlsplit(locked).netloc, timeout=20)
        client.request("GET", "/_stcore/health")
        assert client.getresponse().status == 200
        assert time.monotonic() - begun < 2
        client.close()
    for _ in range(50):  # until the server has noticed that they are closed
        try:
            with open_stream(locked, locked) as stream:
                assert begin(stream)
                return
        except InvalidStatus:
            time.sleep(0.1)
    raise AssertionError("closed connections still count")
