"""Base address in the pages that the server sends.

Streamlit's script searches for its server: on a page such as `/jobs`, it first requests `/jobs/_stcore/health` and
`/jobs/_stcore/host-config`, which do not exist. With the base address it connects at once.
"""

from typing import Any

import streamlit as st

_MARK = b"<head>"
_SCRIPT = (
    b"<script>window.__streamlit = "
    b'{ BACKEND_BASE_URL: location.origin + location.pathname.replace(/\\/[^/]*$/, "") };</script>'
)
_DROPPED = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")  # the complete text is needed
_VALIDATORS = (b"content-length", b"etag", b"last-modified", b"accept-ranges")


class PageBase:
    """ASGI middleware that adds the base address to the HTML of a page."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not is_page(scope):
            await self._app(scope, receive, send)
            return
        start: dict[str, Any] = {}
        body = b""

        async def send_complete(message: Any) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await send(_set_length(start, body := add_base(body)))
                    await send({"type": "http.response.body", "body": body})
            else:
                await send(message)

        headers = [(name, value) for name, value in scope["headers"] if name.lower() not in _DROPPED]
        await self._app({**scope, "headers": headers}, receive, send_complete)


def is_page(scope: Any) -> bool:
    """Return whether a request is that of a browser for a page other than the start page."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    prefix = st.get_option("server.baseUrlPath").strip("/")
    base = f"/{prefix}/" if prefix else "/"
    name = scope["path"].removeprefix(base)
    accepted = b"".join(value for key, value in scope["headers"] if key.lower() == b"accept")
    return scope["path"].startswith(base) and name.isidentifier() and b"text/html" in accepted


def add_base(html: bytes) -> bytes:
    """Return the HTML of Streamlit with the base address, and any other text unchanged.

    >>> add_base(b"<p>")
    b'<p>'
    """
    if b"_stcore" not in html:
        return html
    return html.replace(_MARK, _MARK + _SCRIPT, 1)


def _set_length(start: dict[str, Any], body: bytes) -> dict[str, Any]:
    headers = [(name, value) for name, value in start["headers"] if name.lower() not in _VALIDATORS]
    return {**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
