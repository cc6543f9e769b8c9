"""Save the comparison of the page under a name, or delete a saved one."""

import streamlit as st

from core.actions.comparison import keep_comparison, remove_comparison
from core.jobs.comparison_choice import RUNS, SAVED
from core.store.comparison import Comparison
from core.store.saved_comparison import MAX_NAME_CHARS
from core.ui.access import act, action_button
from core.ui.session import select_comparison

_NAME = "name of the comparison"


def show_saving(comparison: Comparison) -> None:
    """Show the form that saves the comparison; for a saved one, the button to delete it."""
    key = st.session_state.get("compare") or ""
    if key.startswith(SAVED):
        if action_button(
            remove_comparison, "Delete saved comparison", icon=":material/delete:", help="The runs are not deleted."
        ):
            act(remove_comparison, key.removeprefix(SAVED))
            select_comparison(RUNS + ",".join(run.run_id for run in comparison.runs))
            st.rerun()
        return
    with st.popover("Save", icon=":material/bookmark:", on_change="rerun", key="save") as popover:
        if not popover.open:
            return
        st.caption("Keep these runs and the baseline under a name. The list of comparisons shows it to everyone.")
        name = st.text_input("Name", max_chars=MAX_NAME_CHARS, key=_NAME)
        if not action_button(keep_comparison, "Save comparison", type="primary"):
            return
        if not name.strip():
            st.warning("Enter a name.")
            return
        select_comparison(SAVED + act(keep_comparison, name, comparison).saved_id)
        st.rerun()
