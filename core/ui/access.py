"""Access control of the session: its user, their permissions, and the login page."""

import time
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.access.action import Action, is_read_only
from core.access.login import Login
from core.access.role import OWNER, User
from core.displays.markdown import escape_markdown
from core.errors import AccessError, LoginError
from core.home import Home, describe_error
from core.ui.errors import callback
from core.ui.return_link import keep_link, return_to_link

P = ParamSpec("P")
R = TypeVar("R")

_LOCK = ":material/lock:"

# Once login was required, it stays required until the dashboard restarts: a missing secrets.toml, for example while the
# file is being rewritten, does not grant access.
LOGIN_REQUIRED = Event()

_latest: tuple[int, object, Login | str | None] | None = None  # second, source, and the login or the error message


def user() -> User:
    """Return the current user of this session.

    Raises:
        LoginError: when login is required and the user is not logged in, or the login has expired.
        AccessError: when the user is not authorized, or the login settings are invalid.
    """
    is_read_only()  # raises if the setting is invalid
    login = read_login()
    return login.authenticate(st.user.to_dict(), time.time()) if login else replace(OWNER, name=_read_name())


def _read_name() -> str:
    """Return the user name from a proxy (`server.trustedUserHeaders`) if login is not required."""
    context = get_script_run_ctx(suppress_warning=True)
    info = context.user_info if context else {}
    return str(info.get("email") or info.get("name") or OWNER.name)


def act(action: Action[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run an action as the user of this session. Every page writes through this function.

    Raises:
        AccessError: when the user lacks the permission at this moment.
    """
    return action(user(), Home.default(), *args, **kwargs)


def denial_reason(action: Action[..., Any]) -> str | None:
    """Return why the user of this session may not run an action, as Markdown, or None if they may."""
    reason = action.problem(user())
    return escape_markdown(reason) if reason else None


def action_button(
    action: Action[..., Any], label: str, *, help: str | None = None, disabled: bool = False, **button: Any
) -> bool:
    """Show a button for an action and return whether it was clicked.

    Without the permission it is disabled and its help is the reason.
    """
    reason = denial_reason(action)
    return st.button(label, help=reason or help, disabled=disabled or reason is not None, **button)


def check_permission(action: Action[..., Any]) -> bool:
    """Return whether the user of this session may run an action; show the reason if not."""
    reason = denial_reason(action)
    if reason:
        st.caption(f"{_LOCK} {reason}")
    return reason is None


def authorize() -> bool:
    """Return whether the user may use the dashboard; show the login page and the reason if not."""
    try:
        user()
    except LoginError as error:
        _show_login_page(None if st.user.get("is_logged_in") is not True else describe_error(error))
    except AccessError as error:
        _show_login_page(describe_error(error))
    else:
        return True
    return False


def show_user() -> None:
    """Show the logged-in user, the logout button and the read-only notice at the end of the sidebar."""
    with st.sidebar:
        if is_read_only():
            st.caption(f"{_LOCK} This dashboard is read-only.")
        if read_login():
            return_to_link()
            current = user()
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(f"{current.name}, {current.role.label}")
                _show_logout("Log out")


def _show_login_page(message: str | None) -> None:
    try:
        login = read_login()
    except AccessError:  # its message is shown below
        login = None
    logged_in = login is not None and st.user.get("is_logged_in") is True
    keep_link(logged_in=logged_in)
    st.title("Headroom", anchor=False)
    st.write("Log in to view this dashboard.")
    if message:
        st.error(escape_markdown(message), icon=_LOCK)
    with st.container(horizontal=True):
        for provider in login.providers if login else ():
            label = f"Log in with {escape_markdown(provider)}" if provider != "default" else "Log in"
            st.button(label, type="primary", icon=":material/login:", on_click=callback(_log_in), args=(provider,))
        if logged_in:
            _show_logout("Log out")


def _log_in(provider: str) -> None:
    st.login(None if provider == "default" else provider)


def _show_logout(label: str) -> None:
    st.button(label, icon=":material/logout:", key="log-out", on_click=callback(st.logout))


def read_login() -> Login | None:
    """Return the login settings, read at most once per second; None if login is not required.

    Raises:
        AccessError: when the settings in secrets.toml cannot be read or are invalid.
    """
    global _latest
    second = int(time.monotonic())
    if _latest is None or _latest[0] != second or _latest[1] is not st.secrets:
        try:
            _latest = second, st.secrets, _read_settings()
        except AccessError as error:
            _latest = second, st.secrets, describe_error(error)
    found = _latest[2]
    if isinstance(found, str):
        raise AccessError(found)
    return found


def _read_settings() -> Login | None:
    auth, settings = _read_section("auth"), _read_section("headroom")
    if auth is None and settings is None:
        if LOGIN_REQUIRED.is_set():
            raise AccessError(
                "The login settings are missing from secrets.toml. Restore them, or restart the dashboard to disable "
                "login."
            )
        return None
    LOGIN_REQUIRED.set()
    if not _has_login_packages():
        raise AccessError("Authlib or httpx is not installed. Run: pip install -r requirements-login.txt")
    return Login.parse(auth, settings)


@cache
def _has_login_packages() -> bool:
    return all(find_spec(name) for name in ("authlib", "httpx"))


def _read_section(name: str) -> object:
    """Return a section of secrets.toml, or None if missing. Streamlit treats an unreadable file as missing."""
    try:
        return st.secrets.get(name)
    except (OSError, ValueError) as error:
        if any(Path(path).exists() for path in st.get_option("secrets.files")):
            raise AccessError(
                "Cannot read secrets.toml. Check that it is valid TOML and that the dashboard may read it."
            ) from error
        return None
