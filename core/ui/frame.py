"""The frame round every page: the picker, and the one place where errors become sentences."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.errors import HeadroomError
from core.page_timing import PAGE_TIMINGS
from core.ui.access import show_person
from core.ui.session import chosen_comparison, pick_comparison, store
from core.ui.widget import close_link, open_link

_BUG = ":material/bug_report:"
MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 196 40" height="40">'
    '<rect x="2" y="6" width="12" height="28" rx="3" fill="#8a94a3"/>'
    '<rect x="18" y="14" width="12" height="20" rx="3" fill="#8a94a3"/>'
    '<rect x="34" y="6" width="8" height="8" rx="2" fill="#0a84c6"/>'
    '<rect x="34" y="18" width="8" height="16" rx="2" fill="#dd6a12"/>'
    '<text x="54" y="28" font-family="sans-serif" font-size="23" font-weight="700" fill="#0a84c6">Headroom</text></svg>'
)


def run_page(page: StreamlitPage) -> None:
    with PAGE_TIMINGS.timing(page.title):
        open_link(page.title)
        with errors_as_sentences():
            show_person()
            pick_comparison()
            page.run()
        close_link()
    _spare_collector(page.title)


@st.cache_resource(show_spinner=False)
def _spare_collector(page: str) -> None:
    """Takes what a page has imported out of the collector's sight, once a page: Streamlit collects garbage after every
    run of a script or fragment, and to look through all libraries takes a tenth of a second, a hundred times what the
    rest takes."""
    gc.freeze()


@contextmanager
def errors_as_sentences() -> Iterator[None]:
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


def show_damage() -> None:
    """Names the run folders that cannot be read; the others are shown all the same."""
    damaged = store().damaged()
    if damaged:
        with st.expander(
            f"{len(damaged)} damaged run folder{'s' if len(damaged) > 1 else ''}", icon=":material/warning:"
        ):
            for sentence in damaged.values():
                st.text(sentence)


def need_comparison() -> bool:
    """Shows an empty page's next step when there is nothing to compare. True when there is something."""
    if chosen_comparison() is not None:
        return True
    st.header("No runs yet", anchor=False)
    st.write("Headroom compares trained heads. Train two on the bundled digits; that needs no network.")
    st.page_link("pages/train.py", label="Train a first comparison", icon=":material/model_training:")
    return False
