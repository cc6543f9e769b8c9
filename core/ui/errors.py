"""Error messages of pages."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from threading import RLock
from typing import Any, ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.displays.markdown import escape_markdown
from core.errors import HeadroomError
from core.home import describe_error
from core.page_timing import PAGE_TIMINGS
from core.ui.heading import complete_heading
from core.ui.url import write_link

P = ParamSpec("P")

_FAILED = "errors of callbacks"
_LOCK = "lock of callbacks"


@contextmanager
def handle_errors(shown: str = "") -> Iterator[None]:
    """Show the message of a HeadroomError; log any other exception and show a general message. Then update the URL.

    A fragment needs its own context, because it reruns without the page. Errors of callbacks are shown first, and
    callbacks of this session that still run in another thread are waited for.

    Args:
        shown: a message that is already on the page and is not repeated.
    """
    wait_for_callbacks()
    for message, icon in st.session_state.pop(_FAILED, []):
        st.error(escape_markdown(message), icon=icon)
    try:
        yield
    except Exception as error:
        complete_heading()
        message, icon = _explain(error, "This page failed. See the dashboard log for details.")
        if message != shown:
            st.error(escape_markdown(message), icon=icon)
    write_link()


def callback(function: Callable[P, None]) -> Callable[P, None]:
    """Decorate a function that Streamlit calls for a widget: an error is shown in the following script run.

    Without it, Streamlit shows its own message instead of the page, and what the user has typed is lost. The function
    runs to its end, and the following script run waits for it (see `wait_for_callbacks`).
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with _keep_running(), _open_lock():
                function(*args, **kwargs)
        except Exception as error:
            failed = _explain(error, "The last action failed. See the dashboard log for details.")
            st.session_state.setdefault(_FAILED, []).append(failed)

    return run


def wait_for_callbacks() -> None:
    """Wait until no callback of this session runs in another thread.

    For a second click, Streamlit starts a script run at once, while the callback of the first click may still save: the
    page would show, and act on, an unfinished state.
    """
    with _open_lock():
        pass


def _open_lock() -> AbstractContextManager[object]:
    lock: AbstractContextManager[object] = st.session_state.setdefault(_LOCK, RLock())
    return lock


@contextmanager
def _keep_running() -> Iterator[None]:
    """Let this script run continue until the end of the block, even if the user clicks again.

    Streamlit stops a script run at its next command after another click, also in a callback: then a report may be
    saved, and its session does not know it. Streamlit has no setting for that, only this flag of the running script.
    """
    state = getattr(get_script_run_ctx(suppress_warning=True), "session_state", None)
    runner: Any = getattr(getattr(state, "_yield_callback", None), "__self__", None)
    if not hasattr(runner, "_execing"):  # no script runs, or another version of Streamlit
        yield
        return
    before = runner._execing
    runner._execing = False
    try:
        yield
    finally:
        runner._execing = before


def _explain(error: Exception, unexpected: str) -> tuple[str, str]:
    """Return the message and the icon of an error; log it if it is not a HeadroomError."""
    if isinstance(error, HeadroomError):
        return describe_error(error), ":material/error:"
    PAGE_TIMINGS.fail()
    logging.getLogger("headroom").error("a page failed", exc_info=error)
    return unexpected, ":material/bug_report:"
