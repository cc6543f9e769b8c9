"""Authentication of HTTP API requests by login cookie or bearer token."""

import ipaddress
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.auth_util import get_cookie_with_chunks, get_origin_from_redirect_uri
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from core.access.role import OWNER, User
from core.errors import AccessError
from core.ui.access import read_login


def authenticate(headers: Mapping[str, str], cookies: Mapping[str, str]) -> User:
    """Return the user who sends a request.

    Args:
        headers: request headers by lowercase name.

    Raises:
        LoginError: when login is required and the request has no valid login.
        AccessError: when the user is not authorized, the host is not allowed, or the login settings are invalid.
    """
    login = read_login()
    _check_host(headers.get("host", ""), login_required=login is not None)
    if login is None:
        return OWNER
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return login.tokens.authenticate(token.strip())
    return login.authenticate(_read_cookie(cookies), time.time())


def check_login(cookies: Mapping[str, str]) -> None:
    """Check the login cookie of a request, if login is required.

    Raises:
        AccessError: when the user is not logged in or not authorized, or the login settings are invalid.
    """
    login = read_login()
    if login is not None:
        login.authenticate(_read_cookie(cookies), time.time())


def _read_cookie(cookies: Mapping[str, str]) -> dict[str, Any]:
    """Return the claims of the login cookie that Streamlit signed for this origin; empty without a login."""
    secret = get_cookie_secret()

    def read(name: str) -> bytes | None:
        value = cookies.get(name)
        return decode_signed_value(secret, name, value) if value else None

    signed = get_cookie_with_chunks(read, USER_COOKIE_NAME)
    found = json.loads(signed) if signed else {}
    return found if found.get("origin") == get_origin_from_redirect_uri() else {}


def _check_host(host: str, *, login_required: bool) -> None:
    """Prevent DNS rebinding: without login, allow only localhost, IP addresses and `server.allowedHosts`.

    Args:
        login_required: whether the request will be authenticated.
    """
    listed = bool(st.get_option("server.allowedHosts"))
    if not (is_host_allowed(host) if listed else login_required or _is_local_or_address(host)):
        raise AccessError(
            f"Requests to the host {host!r:.80} are not allowed. Use localhost or an IP address, or add the host to "
            "server.allowedHosts."
        )


def _is_local_or_address(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
