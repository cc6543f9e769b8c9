"""Datasets from an https address, with a server on this machine."""

import gzip
import io
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.access.role import Role, User
from core.actions.dataset import add_web_data
from core.datasets.cache import open_dataset
from core.datasets.custom import web_archive
from core.datasets.custom.add import add_dataset
from core.datasets.custom.web_archive import download_archive
from core.datasets.fetch import read_fetch
from core.errors import AccessError, DatasetError, HeadroomError
from core.home import Home
from tests.support.command import ask, call
from tests.support.https_server import HttpsServer, serve_https
from tests.support.image_folder import COLOURS, picture
from tests.support.tar import pack

MEMBERS = [(f"{name}/{n}.png", picture(colour)) for name, colour in COLOURS.items() for n in range(5)]
TAR = gzip.compress(pack(*MEMBERS))


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpsServer]:
    with serve_https(tmp_path_factory.mktemp("https")) as server:
        yield server


@pytest.fixture
def server(_server: HttpsServer, tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> HttpsServer:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path_factory.getbasetemp() / "https0" / "certificate.pem"))
    _server.answers, _server.requested = {"/a.tgz": (200, {}, TAR)}, []
    return _server


def refusal(home: Home, url: str, *, public_only: bool = False) -> str:
    """Return the error message of a download, after which no file is left."""
    with pytest.raises(HeadroomError) as error, download_archive(home, "mine", url, public_only=public_only):
        pass
    assert list((home.datasets / ".fetch").glob("*.archive")) == []
    assert "\n" not in str(error.value)
    return str(error.value)


def test_archives_are_downloaded_added_and_deleted(home: Home, server: HttpsServer) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in MEMBERS:
            archive.writestr(name, content)
    server.answers |= {
        "/a.zip": (200, {}, packed.getvalue()),
        "/moved": (302, {"Location": "/also"}, b""),
        "/also": (307, {"Location": f"{server.url}/a.tgz?signature=secret"}, b""),
        "/a.tgz?signature=secret": (200, {"Content-Length": ""}, TAR),
    }
    found, steps = set(), list[tuple[int, int | None]]()
    for path, size in {"/a.tgz": len(TAR), "/a.zip": len(packed.getvalue()), "/moved": None}.items():
        name, url = path[1:].replace(".", "-"), f"{server.url}{path}?token=secret#top"
        server.answers[f"{path}?token=secret"] = server.answers[path]
        with download_archive(home, name, url, public_only=False, progress=lambda *step: steps.append(step)) as file:
            waiting = read_fetch(home, f"folder-{name}")
            assert waiting
            assert (waiting.phase, waiting.alive, waiting.error) == ("starting", True, None)
            info = add_dataset(home, name, file, side=16, source=web_archive.describe_origin(url)).info
        assert steps[-1] == (size or len(TAR), size)
        assert (info.train_count, info.test_count, info.source) == (12, 3, f"{server.url}{path}")
        found.add(info.fingerprint)
        assert open_dataset(home, "folder", name)
    assert len(found) == 1
    assert list((home.datasets / ".fetch").glob("*.archive")) == []


def test_command_downloads_and_adds_an_archive(home: Home, server: HttpsServer) -> None:
    report = ask("datasets", "add", "mine", f"{server.url}/a.tgz", "--side", "16")
    assert [(found["name"], found["test"]) for found in report["classes"]] == [(name, 1) for name in sorted(COLOURS)]
    assert open_dataset(home, "folder", "mine").info.source == f"{server.url}/a.tgz"
    dry = call("datasets", "add", "other", f"{server.url}/a.tgz", "--dry-run")
    assert (dry.exit_code, "Nothing was added" in dry.stderr) == (0, True)
    refused = call("datasets", "add", "other", f"{server.url}/a.tgz", "--public-only")
    assert (refused.exit_code, "localhost is in a private network" in refused.stderr) == (1, True)
    assert list((home.datasets / ".fetch").glob("*.archive")) == []


def test_page_starts_the_download_of_a_public_address(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("core.datasets.fetch.subprocess.Popen", lambda words, **_: started.append(words) or _Process())
    user = User("ann", Role.TRAINER)
    with pytest.raises(DatasetError, match="Expected an address such as"):
        add_web_data(user, home, "mine", "http://example.org/a.zip")
    with pytest.raises(DatasetError, match="Expected the name to be"):
        add_web_data(user, home, "My Images", "https://example.org/a.zip")
    with pytest.raises(AccessError):
        add_web_data(User("bob", Role.VIEWER), home, "mine", "https://example.org/a.zip")
    assert started == []
    assert add_web_data(user, home, "mine", "https://example.org/a.zip", "pad").name == "folder-mine"
    assert started[0][-7:] == ["datasets", "add", "mine", "https://example.org/a.zip", "--public-only", "--fit", "pad"]


class _Process:
    pid = 1

    def wait(self) -> None:
        pass


def test_invalid_addresses_are_refused_without_a_request(home: Home, server: HttpsServer) -> None:
    port = server.server_port
    for url in (
        f"http://localhost:{port}/a.tgz", "file:///etc/passwd", "ftp://localhost/a.zip", "https://", "https:///a.zip",
        "https://localhost:port/a.zip", "https://localhost/a b.zip", "https://localhost/ä.zip", "https://[::1/a.zip",
        f"https://localhost:{port}/a.tgz\r\nHost: other", "HTTP+HTTPS://localhost/a.zip", "gopher://localhost/",
    ):  # fmt: skip
        assert refusal(home, url).startswith("Expected an address such as https://example.org/images.zip; got '")
    assert "user name or a password" in refusal(home, f"https://me:secret@localhost:{port}/a.tgz")
    assert server.requested == []


def test_failed_downloads_state_the_reason(home: Home, server: HttpsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers |= {
        "/missing": (404, {}, b"no"),
        "/page": (200, {}, b"<html>Please log in</html>"),
        "/short": (200, {"Content-Length": str(len(TAR) + 9)}, TAR),
        "/loop": (302, {"Location": "/loop"}, b""),
        "/insecure": (302, {"Location": f"http://localhost:{server.server_port}/a.tgz"}, b""),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/login": (302, {"Location": f"https://me:secret@localhost:{server.server_port}/a.tgz"}, b""),
        "/large": (200, {"Content-Length": str(10**12)}, b""),
    }
    for path, reason in {
        "/missing?token=secret": "/missing: the server answered 404 Not Found.",
        "/page": "/page is not a ZIP or tar archive. Use the address of the file itself.",
        "/short": "/short: the connection ended early. Try again.",
        "/loop": "/loop: the server answered 302 Found.",
        "/insecure": f"/insecure leads to http://localhost:{server.server_port}/a.tgz, which is not https.",
        "/file": "/file: the server answered 302 Found.",
        "/login": "user name or a password",
        "/large": "A download may have at most 20 GB; this one has more.",
    }.items():
        server.answers.setdefault(path, server.answers[path.partition("?")[0]])
        message = refusal(home, f"{server.url}{path}")
        assert reason in message
        assert "secret" not in message
        state = read_fetch(home, "folder-mine")
        assert state
        assert (state.phase, state.error, state.alive) == ("failed", message, False)
    monkeypatch.setattr(web_archive, "MAX_DOWNLOAD_BYTES", 100)
    server.answers["/a.tgz"] = (200, {"Content-Length": ""}, TAR)
    assert "A download may have at most" in refusal(home, f"{server.url}/a.tgz")
    monkeypatch.setattr(web_archive, "_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "no answer for 0.2 seconds" in refusal(home, f"https://localhost:{silent.getsockname()[1]}/a.tgz")
        closed = silent.getsockname()[1]
    assert "Connection refused" in refusal(home, f"https://localhost:{closed}/a.tgz")
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "the certificate of the server is not valid (self-signed certificate)" in refusal(
        home, f"{server.url}/a.tgz"
    )


def test_private_networks_are_refused_on_request(
    home: Home, server: HttpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = {
        "public.example": ["203.0.113.9"], "private.example": ["10.0.0.1"], "both.example": ["8.8.8.8", "127.0.0.1"],
    }  # fmt: skip
    look_up = socket.getaddrinfo

    def resolve(host: str, port: int, *args: Any, **options: Any) -> Any:
        found = hosts.get(host)
        return look_up(host, port, *args, **options) if found is None else [(2, 1, 6, "", (ip, port)) for ip in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for host in (
        "localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3", "192.168.0.1", "172.16.0.1",
        "169.254.169.254", "100.64.0.1", "0.0.0.0", "2130706433", "private.example", "both.example",
    ):  # fmt: skip
        message = refusal(home, f"https://{host}:{server.server_port}/a.tgz", public_only=True)
        assert "is in a private network. Use a public address, or upload the archive." in message
    assert server.requested == []


def test_name_that_is_taken_is_refused_before_the_download(home: Home, server: HttpsServer) -> None:
    (home.datasets / "folder-mine").mkdir(parents=True)
    with (
        pytest.raises(DatasetError, match="already exists"),
        download_archive(home, "mine", f"{server.url}/a.tgz", public_only=False),
    ):
        pass
    assert server.requested == []


def test_abandoned_and_interrupted_downloads_leave_no_file(
    home: Home, server: HttpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Path = home.datasets / ".fetch"
    folder.mkdir(parents=True)
    (folder / "folder-mine.old.archive").touch()
    monkeypatch.setattr(web_archive, "_ABANDONED_SECONDS", -1.0)

    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        download_archive(home, "mine", f"{server.url}/a.tgz", public_only=False, progress=interrupt),
    ):
        pass
    assert list(folder.glob("*.archive")) == []
