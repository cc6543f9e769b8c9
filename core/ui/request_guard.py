"""Checks of requests before Streamlit answers them: address, origin, login for uploads, and limits for visitors.

Streamlit answers a WebSocket handshake from an unknown origin by asking an outside address for the IP address of this
machine, in the event loop. It also accepts uploads from sessions that show only the login page.
"""

import asyncio
import ipaddress
import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from urllib.parse import SplitResult, urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import cli_util, config, net_util
from streamlit.runtime import get_instance
from streamlit.web.server import server_util
from websockets.protocol import Protocol

from core.access.deployment import describe_risk, is_local
from core.errors import AccessError, LoginError
from core.ui.deployment import is_open_to_all
from core.ui.http_login import check_login
from core.ui.page_base import PageBase

MAX_VISITORS = 50  # open connections without a login, if login is required
MAX_VISITOR_MESSAGE = 64 * 1024  # bytes; the login page sends less than 1 kB
VISITOR_PAUSE = 0.05  # seconds between two messages of all visitors, each of which draws the login page
SESSION_UPLOADS, SERVER_UPLOADS = 2, 5  # total size of all uploads, in multiples of server.maxUploadSize

_START = "compare"  # page that is served at /
_UPLOAD = "/_stcore/upload_file/"
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_LOG = logging.getLogger("headroom")

net_util.get_external_ip = lambda: None  # no request to an outside address, whatever Streamlit needs it for


@asynccontextmanager
async def announce_address(app: object) -> AsyncIterator[None]:
    """Print the address of the dashboard when its port is known, and open it in a browser, unless it is headless.

    Another ASGI server has its own address, and prints it itself.
    """
    if config._server_mode != "asgi-server":
        host = server_util._get_server_address_if_manually_set() or st.get_option("server.address") or "localhost"
        address = server_util.get_url(server_util.get_display_address(host))
        print(f"Dashboard: {address} (Ctrl-C stops it)", file=sys.stderr, flush=True)
        if not st.get_option("server.headless"):
            cli_util.open_browser(address)
    yield


def build_middleware() -> list[Middleware]:
    """Return the middleware of the dashboard, which runs before that of Streamlit."""
    return [Middleware(RequestGuard), Middleware(PageBase)]


class RequestGuard:
    """ASGI middleware that refuses other origins and bounds uploads and visitors without a login."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._visitors: dict[object, tuple[str, Send]] = {}  # address and connection, the oldest first
        self._turn = asyncio.Lock()
        self._pending: Counter[str] = Counter()  # bytes of running uploads by session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if message := _find_risk(scope):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await PlainTextResponse(message, 403)(scope, receive, send)
        elif address := find_redirect(scope):
            await RedirectResponse(address)(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        elif scope["type"] == "http" and _UPLOAD in scope["path"] and scope["method"] not in ("OPTIONS", "HEAD", "GET"):
            await self._upload(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        if not is_own_origin(connection.headers):
            _LOG.warning("Refused a connection from the origin %.80r", connection.headers.get("origin"))
            await send({"type": "websocket.close", "code": 1008})
        elif _login_problem(connection) is None:
            await self._app(scope, receive, send)
        else:
            await self._make_room()
            _limit_buffer(receive)
            visitor = object()
            self._visitors[visitor] = connection.client.host if connection.client else "", send
            try:
                await self._app(scope, self._slow_down(receive, send), send)
            finally:
                self._visitors.pop(visitor, None)

    async def _make_room(self) -> None:
        """Close the oldest connection of the address with the most visitors, if there are too many: a visitor who keeps
        connections open cannot keep others from the login page."""
        if len(self._visitors) < MAX_VISITORS:
            return
        (most, _), *_ = Counter(address for address, _ in self._visitors.values()).most_common(1)
        oldest = next(visitor for visitor, (address, _) in self._visitors.items() if address == most)
        _, send = self._visitors.pop(oldest)
        with suppress(Exception):  # it may be closed already
            await send({"type": "websocket.close", "code": 1013})

    def _slow_down(self, receive: Receive, send: Send) -> Receive:
        """Return a `receive` for a visitor without a login, with a pause per message and a limit of its size."""

        async def receive_slowly() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive":
                async with self._turn:
                    await asyncio.sleep(VISITOR_PAUSE)
                if len(message.get("bytes") or message.get("text") or b"") > MAX_VISITOR_MESSAGE:
                    await send({"type": "websocket.close", "code": 1009})
                    return {"type": "websocket.disconnect", "code": 1009}
            return message

        return receive_slowly

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        session, size = scope["path"].partition(_UPLOAD)[2].partition("/")[0], _read_length(connection.headers)
        if not is_own_origin(connection.headers):
            response = PlainTextResponse("Uploads from other origins are not allowed.", 403)
        elif problem := _login_problem(connection):
            response = PlainTextResponse(str(problem), 401 if isinstance(problem, LoginError) else 403)
        elif size is None:
            response = PlainTextResponse("An upload needs a valid Content-Length header.", 411)
        elif not self._fits(session, size):
            response = PlainTextResponse("The uploads are too large in total. Remove an uploaded file first.", 413)
        else:
            with self._reserve(session, size):
                await self._app(scope, receive, send)
            return
        await response(scope, receive, send)

    @contextmanager
    def _reserve(self, session: str, size: int) -> Iterator[None]:
        self._pending[session] += size
        try:
            yield
        finally:
            self._pending[session] -= size
            self._pending += Counter()  # drop sessions without a running upload

    def _fits(self, session: str, size: int) -> bool:
        limit = st.get_option("server.maxUploadSize") * 1024 * 1024
        manager = get_instance().uploaded_file_mgr
        stored = {
            name: sum(len(file.data) for file in list(files.values()))
            for name, files in list(getattr(manager, "file_storage", {}).items())
        }
        own = stored.get(session, 0) + self._pending[session] + size
        total = sum(stored.values()) + self._pending.total() + size
        return bool(own <= SESSION_UPLOADS * limit and total <= SERVER_UPLOADS * limit)


def find_redirect(scope: Scope) -> str | None:
    """Return the address of the start page, relative to `/compare`, at which links have it; None for other requests.

    Streamlit serves a default page only at `/`.
    """
    prefix = st.get_option("server.baseUrlPath").strip("/")
    if scope["type"] != "http" or scope["path"] != (f"/{prefix}/{_START}" if prefix else f"/{_START}"):
        return None
    query = scope["query_string"].decode("latin-1")
    return f"./?{query}" if query else "./"


def _limit_buffer(receive: Receive) -> None:
    """Let the server refuse a longer message of a visitor by its header, instead of buffering it.

    The parser of uvicorn's WebSocket has its limit since the handshake, so it is started again; the visitor waits for
    the answer to the handshake, so nothing was received in the meantime.
    """
    connection = getattr(getattr(receive, "__self__", None), "conn", None)
    if isinstance(connection, Protocol):
        connection.max_message_size = MAX_VISITOR_MESSAGE
        connection.parser = Protocol.parse(connection)
        next(connection.parser)


def is_own_origin(headers: Headers) -> bool:
    """Return whether a request comes from a page of this dashboard, or from a program, which sends no origin.

    Origins in `server.corsAllowedOrigins` and the host in `browser.serverAddress` are allowed, for reverse proxies that
    change the Host header.
    """
    origins = headers.getlist("origin")
    if not origins or server_util.allow_all_cross_origin_requests():
        return True
    origin = _split(origins[0])
    if len(origins) > 1 or origin is None or origin.scheme not in ("http", "https"):
        return False
    host = _split(f"{origin.scheme}://{headers.get('host', '')}")
    if host is not None and _address(origin) == _address(host):
        return True
    configured = [*server_util.allowlisted_origins(), server_util._get_server_address_if_manually_set() or ""]
    return any(_is_same(origin, one) for one in configured)


def _is_same(origin: SplitResult, configured: str) -> bool:
    """Compare scheme, host and port; only the host with a configured value that is a host name."""
    if "://" not in configured:
        return bool(configured) and origin.hostname == configured.lower()
    other = _split(configured)
    return other is not None and (origin.scheme, _address(origin)) == (other.scheme, _address(other))


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.rstrip("/"))
        return parts if parts.hostname and parts.port != 0 and parts.username is None else None
    except ValueError:
        return None


def _address(url: SplitResult) -> tuple[str, int | None]:
    """Return host and port; all names of this machine are the same host."""
    name = (url.hostname or "").rstrip(".")
    try:
        local = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        local = False
    return "localhost" if local else name, url.port or _DEFAULT_PORTS.get(url.scheme)


def _find_risk(scope: Scope) -> str | None:
    """Return why a request to an address of this machine that others reach is refused, None if it is not.

    An ASGI server other than Streamlit's has its own option for the address.
    """
    address = (scope.get("server") or ("localhost",))[0]
    if scope["type"] not in ("http", "websocket") or not _is_address(address) or is_local(address):
        return None
    try:
        return describe_risk(address) if is_open_to_all() else None
    except AccessError:  # no user has access
        return None


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _login_problem(connection: HTTPConnection) -> AccessError | None:
    try:
        check_login(connection.cookies)
    except AccessError as error:
        return error
    return None


def _read_length(headers: Headers) -> int | None:
    text = headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and "transfer-encoding" not in headers else None
