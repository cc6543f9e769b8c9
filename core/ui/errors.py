"""Error messages of pages."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.number import format_plural
from core.errors import HeadroomError, HomeError
from core.page_timing import PAGE_TIMINGS
from core.store.note import Note, NoteBook
from core.ui.heading import complete_heading
from core.ui.session import home, store
from core.ui.url import write_link

_BUG = ":material/bug_report:"


@contextmanager
def handle_errors() -> Iterator[None]:
    """Show the message of a HeadroomError; log any other exception and show a general message. Then update the URL.

    A fragment needs its own context, because it reruns without the page.
    """
    try:
        yield
    except HeadroomError as error:
        complete_heading()
        st.error(str(error), icon=":material/error:")
    except Exception:
        complete_heading()
        PAGE_TIMINGS.fail()
        logging.getLogger("headroom").exception("a page failed")
        st.error("This page failed. See the dashboard log for details.", icon=_BUG)
    write_link()


def read_notes() -> dict[str, Note]:
    """Return all notes; if they cannot be read, show the reason and return none."""
    try:
        return NoteBook(home()).read_all()
    except HomeError as error:
        st.warning(escape_markdown(str(error)), icon=":material/warning:")
        return {}


def show_damaged_runs() -> None:
    """Show the run folders that cannot be read, with the reason."""
    damaged = store().damaged()
    if damaged:
        with st.expander(format_plural(len(damaged), "damaged run folder"), icon=":material/warning:"):
            for reason in damaged.values():
                st.text(reason)
