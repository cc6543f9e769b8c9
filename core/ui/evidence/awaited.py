"""Notice that results of a comparison are being computed; the page shows them when they are ready."""

import streamlit as st

from core.displays.awaited import describe_awaited
from core.displays.markdown import escape_markdown
from core.store.comparison import Comparison
from core.ui.errors import handle_errors
from core.ui.session import open_comparison

_REFRESH_SECONDS = 2.0


def show_awaited(comparison: Comparison) -> None:
    """Show that results are being computed, if some are."""
    if describe_awaited(comparison):
        st.fragment(_watch, run_every=_REFRESH_SECONDS)(tuple(run.run_id for run in comparison.runs))


def _watch(run_ids: tuple[str, ...]) -> None:
    with handle_errors():
        text = describe_awaited(open_comparison(run_ids))
        if not text:
            st.rerun()
        st.info(escape_markdown(text), icon=":material/hourglass_top:")
