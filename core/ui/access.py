"""Who uses this session, what they may do, and the page for those who are not let in."""

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
from core.home import Home

P = ParamSpec("P")
R = TypeVar("R")

_LOCK = ":material/lock:"

# Where people once had to log in they have to until the dashboard is started anew: a file that is gone, in the moment
# perhaps in which it is written anew, does not open the door.
ASKED = Event()

_latest: tuple[int, object, Login | str | None] | None = None  # second, source, and what was found or the sentence


def user() -> User:
    """Who uses this session at this moment.

    Raises:
        LoginError: when people have to log in and nobody has, or not lately.
        AccessError: when this one is not let in, or the settings cannot be relied on: then nobody is.
    """
    is_read_only()  # said at once where it is set to nonsense
    login = read_login()
    return login.authenticate(st.user.to_dict(), time.time()) if login else replace(OWNER, name=_read_name())


def _read_name() -> str:
    """A name that came with the session where nobody has to log in: what a proxy says (`server.trustedUserHeaders`)."""
    context = get_script_run_ctx(suppress_warning=True)
    known = context.user_info if context else {}
    return str(known.get("email") or known.get("name") or OWNER.name)


def act(action: Action[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Has the person of this session do something; all that a page writes goes through here.

    Raises:
        AccessError: when this person may not, as they stand at this moment.
    """
    return action(user(), Home.default(), *args, **kwargs)


def problem(action: Action[..., Any]) -> str | None:
    """Why the person of this session may not do something, None when they may."""
    return action.problem(user())


def offer(
    action: Action[..., Any], label: str, *, help: str | None = None, disabled: bool = False, **button: Any
) -> bool:
    """A button for an action; disabled, with the reason, for those who may not. Whether it was pressed."""
    reason = problem(action)
    return st.button(label, help=reason or help, disabled=disabled or reason is not None, **button)


def show_denial(action: Action[..., Any]) -> bool:
    """Whether the person of this session may do something; says so where they may not."""
    reason = problem(action)
    if reason:
        st.caption(f"{_LOCK} {reason}")
    return reason is None


def admit() -> bool:
    """Whether this session is let in. If not, shows why, and how to log in, and nothing else."""
    try:
        user()
    except LoginError as error:
        _show_door(None if st.user.get("is_logged_in") is not True else str(error))
    except AccessError as error:
        _show_door(str(error))
    else:
        return True
    return False


def show_person() -> None:
    """Who is logged in, with the way out, and whether this dashboard is for reading only; below what pages put into the
    sidebar."""
    with st.sidebar:
        if is_read_only():
            st.caption(f"{_LOCK} This dashboard is for reading only.")
        if read_login():
            who = user()
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(f"{who.name}, {who.role.label}")
                _offer_logout("Log out")


def _show_door(said: str | None) -> None:
    st.title("Headroom", anchor=False)
    st.write("This dashboard shows its reports to people who log in.")
    if said:
        st.error(escape_markdown(said), icon=_LOCK)
    try:
        login = read_login()
    except AccessError:  # said already
        return
    with st.container(horizontal=True):
        for provider in login.providers if login else ():
            named = f"Log in with {provider}" if provider != "default" else "Log in"
            st.button(named, type="primary", icon=":material/login:", on_click=_log_in, args=(provider,))
        if st.user.get("is_logged_in") is True:
            _offer_logout("Log out")


def _log_in(provider: str) -> None:
    st.login(None if provider == "default" else provider)


def _offer_logout(label: str) -> None:
    st.button(label, icon=":material/logout:", key="log-out", on_click=st.logout)


def read_login() -> Login | None:
    """How people log in, read at most once a second; None where nobody has to.

    Raises:
        AccessError: when what secrets.toml says of it cannot be read or relied on.
    """
    global _latest
    second = int(time.monotonic())
    if _latest is None or _latest[0] != second or _latest[1] is not st.secrets:
        try:
            _latest = second, st.secrets, _read_settings()
        except AccessError as error:
            _latest = second, st.secrets, str(error)
    found = _latest[2]
    if isinstance(found, str):
        raise AccessError(found)
    return found


def _read_settings() -> Login | None:
    auth, settings = _read_section("auth"), _read_section("headroom")
    if auth is None and settings is None:
        if ASKED.is_set():
            raise AccessError("Expected secrets.toml to say who may log in, as before; got nothing: restart if meant.")
        return None
    ASKED.set()
    if not _can_log_in():
        raise AccessError("Expected Authlib and httpx for logging in; got none: pip install -r requirements-login.txt")
    return Login.parse(auth, settings)


@cache
def _can_log_in() -> bool:
    return all(find_spec(name) for name in ("authlib", "httpx"))


def _read_section(name: str) -> object:
    """None where there is none. Streamlit takes a file that cannot be read for one that is not there."""
    try:
        return st.secrets.get(name)
    except (OSError, ValueError) as error:
        if any(Path(path).exists() for path in st.get_option("secrets.files")):
            raise AccessError("Expected secrets.toml to be a TOML file that can be read; got another.") from error
        return None
