"""Connection to the HTTP API of a dashboard: requests, errors, pages and waiting. `headroom.api` has the operations."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

_SECONDS = 120
_WATCHED = ("queued", "running")


class ApiError(Exception):
    """The dashboard refused a request. `status` is the HTTP status; the message states the reason."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ApiConnection:
    """Connection to a dashboard.

    Args:
        address: such as `http://localhost:8501`.
        token: access token, if the dashboard requires a login.
    """

    def __init__(self, address: str, token: str = "") -> None:
        self.address, self._token = address.rstrip("/"), token

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request. Return the value of a JSON response, the text of a text, or the bytes of another response.

        Raises:
            ApiError: when the dashboard refuses it.
            OSError: when it cannot be reached.
        """
        sent = {name: value for name, value in (query or {}).items() if value is not None}
        url = f"{self.address}{path}{'?' if sent else ''}{urlencode(sent)}"
        binary = isinstance(body, bytes)
        content = body if isinstance(body, bytes) or body is None else _write_body(body)
        used = {name: value for name, value in (headers or {}).items() if value}
        if content is not None:
            used["Content-Type"] = "application/zip" if binary else "application/json"
        if self._token:
            used["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(url, content, used, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:
                kind, found = response.headers.get_content_type(), response.read()
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(error.code, _read_error(error.read(10_000)) or str(error)) from None
        if kind == "application/json":
            return json.loads(found)
        return found.decode() if kind.startswith("text/") else found

    def pages(self, operation: Callable[..., dict[str, Any]], key: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Return all entries of a paged operation, such as `api.pages(api.list_runs, "runs")`."""
        offset = 0
        while True:
            page = operation(**parameters, offset=offset)
            yield from page[key]
            offset += len(page[key])
            if not page[key] or offset >= page["total"]:
                return

    def watch(self, run_id: str, seconds: float = 2.0) -> Iterator[dict[str, Any]]:
        """Return the job of a run each time that it is read, every few seconds, until it has ended."""
        while True:
            job = self.send("GET", f"/api/jobs/{quote_part(run_id)}")
            yield job
            if job["state"] not in _WATCHED:
                return
            time.sleep(seconds)


def quote_part(value: object) -> str:
    """Return a value as one part of a path."""
    return quote(str(value), safe="")


def _write_body(body: Mapping[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


def _read_error(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, LookupError, TypeError):
        return ""
