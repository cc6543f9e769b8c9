"""Page frame: link parameters, user, comparison picker, and the empty state without runs."""

import gc
import linecache

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.displays.markdown import escape_markdown
from core.page_timing import PAGE_TIMINGS
from core.store.comparison import Comparison
from core.store.kept_epoch import describe_kept_epoch
from core.ui.about import build_menu
from core.ui.access import show_user
from core.ui.browser_notice import show_browser_notices
from core.ui.errors import handle_errors, wait_for_callbacks
from core.ui.finished import show_finished_notice
from core.ui.focus import return_focus
from core.ui.heading import begin_page, complete_heading, read_page
from core.ui.navigation import follow_request
from core.ui.pending import show_pending_runs
from core.ui.session import (
    name_comparison,
    selected_comparison,
    show_baseline_picker,
    show_comparison_picker,
    show_missing_runs,
    take_comparison,
)
from core.ui.style import apply_style
from core.ui.tour import show_tour
from core.ui.url import apply_link, finish_link

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 196 40" height="40">'
    '<rect x="2" y="6" width="12" height="28" rx="3" fill="#8a94a3"/>'
    '<rect x="18" y="14" width="12" height="20" rx="3" fill="#8a94a3"/>'
    '<rect x="34" y="6" width="8" height="8" rx="2" fill="#0a84c6"/>'
    '<rect x="34" y="18" width="8" height="16" rx="2" fill="#dd6a12"/>'
    '<text x="54" y="28" font-family="sans-serif" font-size="23" font-weight="700" fill="#0a84c6">Headroom</text></svg>'
)


def run_page(page: StreamlitPage) -> None:
    """Run a page inside the frame, with timing and error handling."""
    with PAGE_TIMINGS.timing(page.title):
        wait_for_callbacks()
        begin_page(page.title)
        st.set_page_config(page_title=f"{page.title} · Headroom", menu_items=build_menu())
        apply_style()
        apply_link(page)
        with handle_errors():
            show_user()
            show_comparison_picker()
            follow_request(take_comparison)  # ends this run: Streamlit removes parameters that it has not drawn by then
            with st.sidebar:
                return_focus()
            page.run()
            show_finished_notice(page.title)
            show_browser_notices()
            if page.title == "Compare":
                show_tour()
        finish_link()
    _freeze_objects(page.title)


@st.cache_resource(show_spinner=False)
def _freeze_objects(page: str) -> None:
    """Exclude the imports of a page from garbage collection, once per page.

    Streamlit collects garbage after each run of a script or fragment. Traversing the objects of all libraries takes
    about 0.1 s, a hundred times as long as the rest. Garbage is collected first: frozen, it would never be freed.
    """
    gc.collect()
    linecache.clearcache()  # sources that Streamlit has read to hash cached functions
    gc.freeze()


def require_comparison() -> Comparison | None:
    """Return the selected comparison. If there are no runs, show a link to Train and return None."""
    show_pending_runs()
    comparison = selected_comparison()
    if comparison is not None:
        st.set_page_config(page_title=f"{read_page()} · {name_comparison()} · Headroom")
        show_missing_runs()
        show_baseline_picker(comparison)
        kept = escape_markdown(describe_kept_epoch(run.record for run in comparison.runs))
        st.sidebar.caption(f"Test accuracies: {kept}.", help='The hyperparameter "Kept epoch" selects it.')
        return comparison
    complete_heading()
    st.header("No runs yet", anchor=False)
    st.write("Headroom compares trained heads. Train two heads on the bundled digits dataset; no download is needed.")
    st.page_link("pages/train.py", label="Train a first comparison", icon=":material/model_training:")
    return None
