"""Notice that jobs of the selected comparison have not ended yet, or have finished since it was shown."""

import streamlit as st

from core.jobs.pending import list_pending
from core.plural import format_plural
from core.ui.errors import handle_errors
from core.ui.session import selected_key, store

_REFRESH_SECONDS = 3.0


def show_pending_runs() -> None:
    """Show how many runs of the selected comparison are queued or running, until they are part of it."""
    if pending := list_pending(store(), selected_key()):
        st.fragment(_watch, run_every=_REFRESH_SECONDS)(pending)


def _watch(pending: list[str]) -> None:
    """Follow the runs that were pending when the page was drawn. The page changes only when the user asks for it."""
    with handle_errors():
        left = list_pending(store(), selected_key())
        finished = [run_id for run_id in pending if run_id not in left and store().path(run_id)]
        with st.container(horizontal=True, vertical_alignment="center", key="pending-runs"):
            if left:
                verb = "is" if len(left) == 1 else "are"
                text = f"{format_plural(len(left), 'run')} of this comparison {verb} queued or running."
                st.info(text, icon=":material/hourglass_top:", width="stretch")
            if finished:
                verb, what = ("has", "it") if len(finished) == 1 else ("have", "them")
                text = f"{format_plural(len(finished), 'new run')} of this comparison {verb} finished."
                text += f" This page does not show {what} yet."
                st.success(text, icon=":material/check_circle:", width="stretch")
                if st.button("Show new runs", type="primary", icon=":material/refresh:", key="update-comparison"):
                    st.rerun()
