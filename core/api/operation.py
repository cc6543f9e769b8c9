"""A thing that a program may ask for: who asks, what with, and how whatever happens becomes a response."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.access.role import User
from core.api.parameter import Parameters
from core.api.response import JSON, ApiResponse, Failure
from core.errors import (
    AccessError,
    ComparisonError,
    HeadroomError,
    HomeError,
    LoginError,
    NoSuchPathError,
    ReportDamagedError,
    ReportError,
    RequestError,
    RunNotFoundError,
    SearchError,
)

Authenticate = Callable[[Mapping[str, str], Mapping[str, str]], User]
"""Says who sends a request, from its headers and cookies; raises AccessError for those who are not let in."""

# The nearest of an error's classes counts; a fault of this side is told to the log alone.
_STATUS: dict[type[Exception], int] = {
    LoginError: 401,
    AccessError: 403,
    RequestError: 400,
    NoSuchPathError: 404,
    SearchError: 400,
    ComparisonError: 400,
    RunNotFoundError: 404,
    ReportError: 404,
    ReportDamagedError: 500,
    HomeError: 500,
    Exception: 500,
}
_FAULT = "Expected an answer; got an error, which the log of the dashboard tells in full."
_METHODS = ("GET", "HEAD")
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PLAIN = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store"}


@dataclass(frozen=True)
class Operation:
    """`returns` is the shape of the answer in JSON, or the media type of another one. `parameters` whose names stand in
    the path are taken from it. `free` needs no login, and `at_once` bounds how many are answered side by side."""

    path: str
    summary: str
    parameters: type[Parameters]
    answer: Callable[[Any], BaseModel | ApiResponse]
    returns: type[BaseModel] | str
    free: bool = False
    at_once: int = 4


class Endpoint:
    """An operation as an ASGI application. It answers in threads of its own, so that pages never wait for one."""

    def __init__(self, operation: Operation, authenticate: Authenticate) -> None:
        self.operation = operation
        self._authenticate = authenticate
        self._threads = CapacityLimiter(operation.at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if request.method in _METHODS:
            response = await self._respond(request)
        else:
            response = _refuse(405, f"Expected the method GET; got {request.method!r:.20}.", {"Allow": "GET, HEAD"})
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            if not self.operation.free:
                await to_thread.run_sync(self._authenticate, request.headers, request.cookies)
            answer = await to_thread.run_sync(self._answer, request, limiter=self._threads)
        except Exception as error:
            return self._explain(error)
        return _send(answer, request.headers)

    def _answer(self, request: Request) -> ApiResponse:
        asked = self.operation.parameters.read(request.path_params, request.query_params.multi_items())
        found = self.operation.answer(asked)
        return found if isinstance(found, ApiResponse) else ApiResponse(found.model_dump_json().encode(), JSON)

    def _explain(self, error: Exception) -> Response:
        status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
        if status == 500 or not isinstance(error, HeadroomError):
            logging.getLogger("headroom").error("%s failed", self.operation.path, exc_info=error)
            return _refuse(500, _FAULT)
        return _refuse(status, str(error), {"WWW-Authenticate": "Bearer"} if status == 401 else {})


def _send(answer: ApiResponse, headers: Mapping[str, str]) -> Response:
    sent = {**_ALWAYS, **_PLAIN, **answer.headers}
    content = answer.content
    if answer.tag:
        sent["ETag"] = f'W/"{answer.tag}"'
        if sent["ETag"] in headers.get("if-none-match", ""):
            return Response(status_code=304, headers=sent)
    if answer.packed is not None:
        sent["Vary"] = "Accept-Encoding"
        if "gzip" in headers.get("accept-encoding", ""):
            content, sent["Content-Encoding"] = answer.packed, "gzip"
    return Response(content, headers={**sent, "Content-Type": answer.media})


def _refuse(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    content = Failure(error=sentence).model_dump_json()
    return Response(content, status, {**_ALWAYS, **_PLAIN, **(headers or {}), "Content-Type": JSON})
