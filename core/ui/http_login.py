"""Who sends a request that comes without a session: by the cookie of a login, or by a token."""

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
    """
    Args:
        headers: of the request, by their names in small letters.

    Raises:
        LoginError: when people have to log in and the request comes from nobody who has.
        AccessError: when this one is not let in, or the settings cannot be relied on: then nobody is.
    """
    login = read_login()
    _check_host(headers.get("host", ""), known=login is not None)
    if login is None:
        return OWNER
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return login.tokens.authenticate(token.strip())
    return login.authenticate(_read_cookie(cookies), time.time())


def _read_cookie(cookies: Mapping[str, str]) -> dict[str, Any]:
    """The claims that Streamlit signed at a login at this address; empty without one."""
    secret = get_cookie_secret()

    def read(name: str) -> bytes | None:
        value = cookies.get(name)
        return decode_signed_value(secret, name, value) if value else None

    signed = get_cookie_with_chunks(read, USER_COOKIE_NAME)
    found = json.loads(signed) if signed else {}
    return found if found.get("origin") == get_origin_from_redirect_uri() else {}


def _check_host(host: str, *, known: bool) -> None:
    """Where nobody has to log in, a page of elsewhere could have its name lead here and so read what is here: then only
    localhost and addresses, which cannot be led astray, are answered. `server.allowedHosts` says otherwise.

    Args:
        known: whether it will be asked who sends the request.
    """
    listed = bool(st.get_option("server.allowedHosts"))
    if not (is_host_allowed(host) if listed else known or _is_here(host)):
        raise AccessError(
            f"Expected a request to localhost, to an IP address or to one of server.allowedHosts; got {host!r:.80}."
        )


def _is_here(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
