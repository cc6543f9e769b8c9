"""Operations of the HTTP API: authentication, parameters, and conversion of results and errors to responses."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from anyio import CapacityLimiter, fail_after, to_thread
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from core.access.action import Action
from core.access.role import User
from core.api.body import Body
from core.api.parameter import NoParameters, Parameters
from core.api.response import JSON, ApiResponse, ErrorResponse
from core.errors import (
    AccessError,
    BundleError,
    ComparisonError,
    DatasetError,
    ExporterError,
    HeadroomError,
    HomeError,
    JobError,
    LoginError,
    NoSuchPathError,
    ReportDamagedError,
    ReportError,
    RequestError,
    RequestTooLargeError,
    RunNotFoundError,
    SearchError,
    SpecError,
    UnknownNameError,
)
from core.home import describe_error

Authenticate = Callable[[Mapping[str, str], Mapping[str, str]], User]
"""Authenticates a request by its headers and cookies; raises AccessError if the user has no access."""

# The status of the most specific class applies. Details of server errors are only in the log.
_STATUS: dict[type[Exception], int] = {
    LoginError: 401,
    AccessError: 403,
    RequestError: 400,
    NoSuchPathError: 404,
    RequestTooLargeError: 413,
    BundleError: 400,
    SearchError: 400,
    ComparisonError: 400,
    SpecError: 400,
    UnknownNameError: 400,
    DatasetError: 400,
    JobError: 400,
    RunNotFoundError: 404,
    ReportError: 404,
    ExporterError: 404,
    ReportDamagedError: 500,
    HomeError: 500,
    Exception: 500,
}
_SERVER_ERROR = "Internal error. See the dashboard log for details."
_METHODS = ("GET", "HEAD")
_BODY_SECONDS = 120
_COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DEFAULT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Operation:
    """Operation of the HTTP API with GET. `name` is its name in generated clients. `returns` is the model of a JSON
    response, or the media type of another response. Parameters whose names are in `path` are read from it. `public`
    operations need no login. `max_parallel` limits the number of requests that are processed in parallel. `writing` is
    the operation of the same path with POST; a path with `run` None has only this one."""

    path: str
    name: str
    summary: str
    parameters: type[Parameters]
    run: Callable[[Any], BaseModel | ApiResponse] | None
    returns: type[BaseModel] | str
    public: bool = False
    max_parallel: int = 4
    writing: "WriteOperation | None" = None


@dataclass(frozen=True)
class WriteOperation:
    """Operation with POST, which changes something.

    Attributes:
        action: the action that it runs; its role is checked before the body is read.
        run: processes the parameters and the body, which is a model, or bytes if `body` is a media type.
        parameters: the parameters in the path.
    """

    name: str
    summary: str
    action: Action[..., Any]
    run: Callable[[User, Any, Any], BaseModel]
    returns: type[BaseModel]
    body: type[Body] | str
    parameters: type[Parameters] = NoParameters
    max_bytes: int = 1_000_000

    @property
    def media_type(self) -> str:
        return self.body if isinstance(self.body, str) else JSON


class Endpoint:
    """ASGI application of an operation. Runs in separate threads, so that pages do not wait for it."""

    def __init__(self, operation: Operation, authenticate: Authenticate, base: str = "") -> None:
        self.operation = operation
        self._login_page = f"{base}/"
        self._authenticate = authenticate
        self._threads = CapacityLimiter(operation.max_parallel)
        self._bodies = CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        read, write = self.operation.run is not None, self.operation.writing
        if request.method in _METHODS and read:
            response = await self._respond(request)
        elif request.method == "POST" and write:
            response = await self._receive(request, write)
        else:
            allowed = (*(_METHODS if read else ()), *(["POST"] if write else []))
            message = f"Expected the method {' or '.join(allowed)}; got {request.method!r:.20}."
            response = _build_error(405, message, {"Allow": ", ".join(allowed)})
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            if not self.operation.public:
                await to_thread.run_sync(self._authenticate, request.headers, request.cookies)
            result = await to_thread.run_sync(self._run, request, limiter=self._threads)
        except LoginError as error:
            return self._redirect_to_login(request) if self._is_page(request) else self._handle_error(error)
        except Exception as error:
            return self._handle_error(error, page=self._is_page(request))
        return _build_response(result, request.headers)

    async def _receive(self, request: Request, write: WriteOperation) -> Response:
        """Read the body of a request within the size limit, and process it; one at a time, to limit the memory."""
        try:
            user = await to_thread.run_sync(self._authenticate, request.headers, request.cookies)
            if message := write.action.problem(user):
                raise AccessError(message)
            parameters = write.parameters.read(request.path_params, request.query_params.multi_items())
            given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if given != write.media_type:  # which a page of another origin cannot send without permission
                raise RequestError(f"Expected the Content-Type {write.media_type}; got {given!r:.60}.")
            async with self._bodies:
                content = bytearray()
                with fail_after(_BODY_SECONDS):
                    async for block in request.stream():
                        content += block
                        if len(content) > write.max_bytes:
                            raise RequestTooLargeError(f"A request may have at most {write.max_bytes / 1e6:,.0f} MB.")
                body = bytes(content) if isinstance(write.body, str) else write.body.read(bytes(content))
                found = await to_thread.run_sync(write.run, user, parameters, body)
        except TimeoutError:
            return self._handle_error(RequestError(f"The request was not received within {_BODY_SECONDS} seconds."))
        except Exception as error:
            return self._handle_error(error)
        return _build_response(ApiResponse(found.model_dump_json().encode(), JSON), request.headers)

    def _run(self, request: Request) -> ApiResponse:
        assert self.operation.run
        parameters = self.operation.parameters.read(request.path_params, request.query_params.multi_items())
        found = self.operation.run(parameters)
        return found if isinstance(found, ApiResponse) else ApiResponse(found.model_dump_json().encode(), JSON)

    def _is_page(self, request: Request) -> bool:
        """Return whether a user opens a page in a browser; scripts do not accept HTML explicitly."""
        html = str(self.operation.returns).startswith("text/html") and "text/html" in request.headers.get("accept", "")
        return html and "authorization" not in request.headers

    def _redirect_to_login(self, request: Request) -> Response:
        """Redirect to the login page, which opens this address again after the login."""
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = {**_COMMON_HEADERS, "Cache-Control": "no-store"}
        return RedirectResponse(f"{self._login_page}?next={quote(address, safe='')}", 303, headers)

    def _handle_error(self, error: Exception, *, page: bool = False) -> Response:
        status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
        if status == 500 or not isinstance(error, HeadroomError):
            logging.getLogger("headroom").error("%s failed", self.operation.path, exc_info=error)
            return _build_error_page(500, _SERVER_ERROR) if page else _build_error(500, _SERVER_ERROR)
        if page:
            return _build_error_page(status, describe_error(error))
        return _build_error(status, describe_error(error), {"WWW-Authenticate": "Bearer"} if status == 401 else {})


def _build_response(response: ApiResponse, headers: Mapping[str, str]) -> Response:
    sent = {**_COMMON_HEADERS, **_DEFAULT_HEADERS, **response.headers}
    if response.path:
        return FileResponse(response.path, headers=sent, media_type=response.media_type)  # answers ranges
    content = response.content
    if response.tag:
        sent["ETag"] = f'W/"{response.tag}"'
        if sent["ETag"] in headers.get("if-none-match", ""):
            return Response(status_code=304, headers=sent)
    if response.gzipped is not None:
        sent["Vary"] = "Accept-Encoding"
        if "gzip" in headers.get("accept-encoding", ""):
            content, sent["Content-Encoding"] = response.gzipped, "gzip"
    return Response(content, headers={**sent, "Content-Type": response.media_type})


def _build_error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    content = ErrorResponse(error=message).model_dump_json()
    return Response(content, status, {**_COMMON_HEADERS, **_DEFAULT_HEADERS, **(headers or {}), "Content-Type": JSON})


def _build_error_page(status: int, message: str) -> Response:
    """Return an error for a user who opened a page in a browser."""
    content = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Headroom</title><h1>Headroom</h1><p>{escape(message)}</p></html>"
    )
    return Response(
        content, status, {**_COMMON_HEADERS, **_DEFAULT_HEADERS, "Content-Type": "text/html; charset=utf-8"}
    )
