"""The frame of every page: link parameters, login, picker, and the empty state."""

import gc

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.page_timing import PAGE_TIMINGS
from core.ui.access import show_person
from core.ui.errors import handle_errors
from core.ui.session import chosen_comparison, pick_comparison
from core.ui.url import close_link, open_link

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
        open_link(page)
        with handle_errors():
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


def need_comparison() -> bool:
    """Shows an empty page's next step when there is nothing to compare. True when there is something."""
    if chosen_comparison() is not None:
        return True
    st.header("No runs yet", anchor=False)
    st.write("Headroom compares trained heads. Train two on the bundled digits; that needs no network.")
    st.page_link("pages/train.py", label="Train a first comparison", icon=":material/model_training:")
    return False
