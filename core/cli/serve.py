"""`serve`: start the dashboard with its HTTP API and the settings of the environment."""

import errno
import os
import socket
import sys
from typing import Annotated

import typer

from core.access.deployment import ADDRESS, Deployment
from core.cli.output import print_message
from core.errors import HomeError
from core.home import EXAMPLES, Home

ROOT = EXAMPLES.parent
_PORT = 8501


def serve(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help=f"Port of the server. Default: {_PORT}, or the next free one.")
    ] = None,
    address: Annotated[
        str, typer.Option(help=f"Address of the server, such as 0.0.0.0. Default: {ADDRESS}, or this machine only.")
    ] = "",
    browser: Annotated[bool, typer.Option("--browser", help="Open the dashboard in a browser.")] = False,
) -> None:
    """Start the dashboard with its HTTP API.

    Reads HEADROOM_ADDRESS, HEADROOM_HOSTS, HEADROOM_URL and HEADROOM_READ_ONLY; see docs/hosting.md.
    """
    if not (ROOT / "asgi.py").is_file():
        raise HomeError(f"This installation has no dashboard: {ROOT / 'asgi.py'} is missing. Install a checkout.")
    deployment = Deployment.read({**os.environ, **({ADDRESS: address} if address else {})})
    command = [sys.executable, "-m", "streamlit", "run", "asgi.py", "--server.showEmailPrompt", "false"]
    command += ["--server.headless", str(not browser).lower()]
    if port:
        _check_port(deployment.address or "localhost", port)
        command += ["--server.port", str(port)]
    if deployment.address:
        command += ["--server.address", deployment.address]
    os.environ["HEADROOM_HOME"] = str(Home.default().path)  # a relative path is one of the current folder
    public = f" for {deployment.url}" if deployment.url else ""
    print_message(f"Starting the dashboard{public}.")  # the server prints its address
    os.chdir(ROOT)  # with .streamlit/
    os.execv(sys.executable, command)


def _check_port(address: str, port: int) -> None:
    """Check that a port is free: the server would end without saying what to do.

    Raises:
        HomeError: when another program uses it.
    """
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:  # the server reports an address that does not exist
            if error.errno == errno.EADDRINUSE:
                raise HomeError(
                    f"Port {port} is in use. Choose another one with --port, or omit --port for the next free one."
                ) from None
