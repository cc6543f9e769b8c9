"""`headroom serve`: the command that starts the server."""

import socket

import pytest

from core.home import Home
from tests.support.command import call


def test_serve_passes_the_settings_to_the_server(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("core.cli.serve.os.execv", lambda path, command: started.append(command))
    monkeypatch.setattr("core.cli.serve.os.chdir", lambda path: None)
    monkeypatch.setenv("HEADROOM_ADDRESS", "0.0.0.0")
    assert call("serve", "--port", "8600").exit_code == 0
    assert call("serve", "--address", "127.0.0.1", "--browser").exit_code == 0
    first, second = (" ".join(command[2:]) for command in started)
    assert first.startswith("streamlit run asgi.py")
    assert first.endswith("--server.headless true --server.port 8600 --server.address 0.0.0.0")
    assert second.endswith("--server.headless false --server.address 127.0.0.1")
    monkeypatch.setenv("HEADROOM_ADDRESS", "no address")
    assert call("serve").exit_code == 1


def test_port_in_use_is_named_before_the_server_starts(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = call("serve", "--address", "127.0.0.1", "--port", str(port))
    assert result.exit_code == 1
    assert result.stderr.endswith(
        f"Port {port} is in use. Choose another one with --port, or omit --port for the next free one.\n"
    )
