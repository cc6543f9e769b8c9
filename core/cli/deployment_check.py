"""Check of a deployment for `doctor --serve`: settings, login, secrets, home, and the response of the server."""

import http.client
import os
import ssl
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer

from core.access.action import READ_ONLY, is_read_only
from core.access.deployment import ADDRESS, HOSTS, URL, Deployment, is_local
from core.access.login import Login
from core.cli.output import print_json, print_pairs
from core.cli.serve import ROOT
from core.errors import AccessError
from core.home import Home
from core.plural import format_plural

_SECONDS = 10.0
_UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "aGVhZHJvb20gZG9jdG9yIQ==", "Sec-WebSocket-Protocol": "streamlit",
}  # fmt: skip


@dataclass(frozen=True)
class DeploymentCheck:
    """Result of a check; `level` is ok, note or problem."""

    name: str
    level: str
    text: str


def check_deployment(as_json: bool) -> None:
    """Print the findings; exit with code 1 if one of them is a problem."""
    findings = list(examine_deployment(Home.default()))
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        print_pairs({one.name: one.text if one.level == "ok" else f"{one.level}: {one.text}" for one in findings})
    if any(finding.level == "problem" for finding in findings):
        raise typer.Exit(1)


def examine_deployment(home: Home, root: Path = ROOT) -> Iterator[DeploymentCheck]:
    """Yield the findings about the settings of the environment, `.streamlit/` in a folder, a home, and the server."""
    try:
        deployment, read_only = Deployment.read(), is_read_only()
    except AccessError as error:
        yield DeploymentCheck("Environment", "problem", str(error))
        return
    server = _read_toml(root / ".streamlit" / "config.toml").get("server", {})
    address = deployment.address or os.environ.get("STREAMLIT_SERVER_ADDRESS") or str(server.get("address", ""))
    secrets = [root / ".streamlit" / "secrets.toml", Path("~/.streamlit/secrets.toml").expanduser()]
    files = [path for path in secrets if path.is_file()]
    try:
        login = _read_login(files)
        invalid = ""
    except AccessError as error:
        login, invalid = None, str(error)
    hosts = (*map(str, server.get("allowedHosts", ())), *deployment.all_hosts)
    risk = deployment.find_risk(address, hosts, has_login=bool(login or invalid), read_only=read_only)
    yield DeploymentCheck("Address", "problem" if risk else "ok", risk or f"{address or '0.0.0.0'}; {ADDRESS} sets it.")
    yield DeploymentCheck("Host names", "ok", f"{', '.join(dict.fromkeys(hosts)) or 'all'}. {HOSTS} adds others.")
    yield _check_url(deployment, hosts)
    yield _check_login(deployment, login, invalid, read_only)
    yield from map(_check_secrets, files)
    yield _check_home(home, read_only)
    yield from _check_response(deployment, int(os.environ.get("STREAMLIT_SERVER_PORT") or server.get("port", 8501)))


def _check_url(deployment: Deployment, hosts: tuple[str, ...]) -> DeploymentCheck:
    if not deployment.url:
        others = [name for name in hosts if not is_local(name)]
        text = f"{URL} is not set: links contain the address at which a user opened the dashboard."
        return DeploymentCheck("Public URL", "note" if others else "ok", text)
    if deployment.url.startswith("http://") and not is_local(deployment.host):
        return DeploymentCheck("Public URL", "problem", f"{deployment.url} has no HTTPS: logins are sent unencrypted.")
    return DeploymentCheck("Public URL", "ok", deployment.url)


def _check_login(deployment: Deployment, login: Login | None, invalid: str, read_only: bool) -> DeploymentCheck:
    if invalid:
        return DeploymentCheck("Login", "problem", f"{invalid} No user has access.")
    if login is None:
        what = f"none; all users can view, none can change anything ({READ_ONLY}=1)" if read_only else "none"
        return DeploymentCheck("Login", "ok", f"{what}.")
    if not all(find_spec(name) for name in ("authlib", "httpx")):
        return DeploymentCheck(
            "Login", "problem", "Authlib or httpx is not installed. Run: pip install -r requirements-login.txt"
        )
    if deployment.url and login.redirect_uri != f"{deployment.url}/oauth2callback":
        uri = f"{deployment.url}/oauth2callback"
        message = f"Expected redirect_uri in [auth] to be {uri}; got {login.redirect_uri!r:.80}."
        return DeploymentCheck("Login", "problem", f"{message} The login cookie is refused.")
    if login.redirect_uri.startswith("http://") and not is_local(urlsplit(login.redirect_uri).hostname or ""):
        return DeploymentCheck(
            "Login", "problem", "redirect_uri in [auth] has no HTTPS: the login cookie is sent unencrypted."
        )
    users = len(login.table.addresses) + len(login.table.domains)
    entries = format_plural(users, "entry")
    return DeploymentCheck("Login", "ok", f"{', '.join(login.providers)}; {entries} in the role table.")


def _check_secrets(path: Path) -> DeploymentCheck:
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if not found.st_size:  # also /dev/null, which compose.yaml mounts by default
        return DeploymentCheck(f"Secrets {path}", "ok", "empty")
    if mode & 0o077:
        return DeploymentCheck(
            f"Secrets {path}", "problem", f"Other users can read it (mode {mode:o}). Run: chmod 600 {path}"
        )
    return DeploymentCheck(f"Secrets {path}", "ok", f"mode {mode:o}")


def _check_home(home: Home, read_only: bool) -> DeploymentCheck:
    if not home.path.is_dir():
        return DeploymentCheck("Home", "note", f"{home.path} does not exist yet. Only the examples are shown.")
    writable = os.access(home.path, os.W_OK | os.X_OK)
    if not os.access(home.path, os.R_OK | os.X_OK):
        return DeploymentCheck("Home", "problem", f"{home.path} cannot be read by this user.")
    if not writable and not read_only:
        return DeploymentCheck(
            "Home", "problem", f"{home.path} is not writable. Set {READ_ONLY}=1 if this is intended."
        )
    state = "writable" if writable else "read-only, as intended"
    return DeploymentCheck("Home", "ok", f"{home.path}: {state}")


def _check_response(deployment: Deployment, port: int) -> Iterator[DeploymentCheck]:
    """Request the health check and a WebSocket under the public URL, as a browser does."""
    url = deployment.url or f"http://localhost:{port}"
    origin = deployment.origin or url
    try:
        status, _ = _request(f"{url}/_stcore/health", {})
    except ssl.SSLCertVerificationError as error:
        yield DeploymentCheck("Response", "problem", f"The certificate of {url} is invalid: {error.verify_message}.")
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        yield DeploymentCheck("Response", "note", f"{url} does not respond ({reason}). Start it with: headroom serve")
        return
    if status != 200:
        yield DeploymentCheck("Response", "problem", f"{url}/_stcore/health responds with status {status}, not 200.")
        return
    yield DeploymentCheck("Response", "ok", url)
    status, _ = _request(f"{url}/_stcore/stream", {**_UPGRADE, "Origin": origin})
    reason = {
        403: f"The host name or the origin {origin} is refused. Set {URL} or {HOSTS} for the server.",
    }.get(status, "The reverse proxy does not pass WebSockets on; see docs/hosting.md.")
    ok = status == 101
    yield DeploymentCheck("WebSocket", "ok" if ok else "problem", "accepted" if ok else f"Status {status}. {reason}")
    status, text = _request(f"{url}/healthz", {})
    served = status == 200 and '"ok"' in text
    yield DeploymentCheck(
        "HTTP API", "ok" if served else "note", "served" if served else "not served; use: headroom serve"
    )


def _request(url: str, headers: dict[str, str]) -> tuple[int, str]:
    """Return the status and the start of the content of a response."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        connection.request("GET", parts.path, headers=headers)
        response = connection.getresponse()
        return response.status, "" if response.status == 101 else response.read(1000).decode(errors="replace")
    finally:
        connection.close()


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise AccessError(f"Cannot read {path}. Check that it is valid TOML and readable by this user.") from None


def _read_login(files: list[Path]) -> Login | None:
    """Read the login settings from all files; the first ones take precedence."""
    sections: dict[str, Any] = {}
    for path in reversed(files):
        sections |= _read_toml(path)
    return Login.parse(sections.get("auth"), sections.get("headroom"))
