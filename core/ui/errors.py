"""The one place where errors on a page become sentences."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import HeadroomError
from core.page_timing import PAGE_TIMINGS
from core.ui.session import store

_BUG = ":material/bug_report:"


@contextmanager
def handle_errors() -> Iterator[None]:
    """What a person can mend is shown as its sentence; what they cannot goes to the log, in full.

    A fragment needs its own: it runs again without the page round it.
    """
    try:
        yield
    except HeadroomError as error:
        st.error(str(error), icon=":material/error:")
    except Exception:
        PAGE_TIMINGS.fail()
        logging.getLogger("headroom").exception("a page failed")
        st.error("Something went wrong on this page. The full account is in the dashboard's log.", icon=_BUG)


def show_damaged_runs() -> None:
    """Names the run folders that cannot be read; the others are shown all the same."""
    damaged = store().damaged()
    if damaged:
        with st.expander(
            f"{len(damaged)} damaged run folder{'s' if len(damaged) > 1 else ''}", icon=":material/warning:"
        ):
            for sentence in damaged.values():
                st.text(sentence)
