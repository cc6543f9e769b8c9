"""Save the comparison of the page under a name; rename, delete and restore saved ones."""

import streamlit as st

from core.actions.comparison import (
    clear_comparisons,
    keep_comparison,
    may_restore_comparison,
    remove_comparison,
    rename_comparison,
    restore_comparisons,
)
from core.jobs.comparison_choice import RUNS, SAVED
from core.store.comparison import Comparison
from core.store.saved_comparison import MAX_NAME_CHARS, list_saved_ids, open_saved
from core.ui.access import act, action_button, user
from core.ui.session import home, select_comparison
from core.ui.trash import show_trash

_NAME = "name of the comparison"
_DELETED = "deleted comparisons"


def show_saving(comparison: Comparison) -> None:
    """Show the form that saves the comparison; for a saved one, the buttons to rename and to delete it."""
    key = st.session_state.get("compare") or ""
    if key.startswith(SAVED):
        _show_saved(key.removeprefix(SAVED), comparison)
        return
    with st.popover("Save", icon=":material/bookmark:", on_change="rerun", key="save") as popover:
        if not popover.open:
            return
        st.caption("Keep these runs and the baseline under a name. The list of comparisons shows it to everyone.")
        name = st.text_input("Name", max_chars=MAX_NAME_CHARS, key=_NAME)
        if action_button(keep_comparison, "Save comparison", type="primary"):
            if name.strip():
                select_comparison(SAVED + act(keep_comparison, name, comparison).saved_id)
                st.rerun()
            st.warning("Enter a name.")
        if not st.session_state.get(_DELETED):
            _show_deleted()


def _show_saved(saved_id: str, comparison: Comparison) -> None:
    with st.popover("Rename", icon=":material/edit:", on_change="rerun", key="rename") as popover:
        if popover.open:
            name = st.text_input(
                "Name", open_saved(home(), saved_id).name, max_chars=MAX_NAME_CHARS, key=f"name of {saved_id}"
            )
            if action_button(rename_comparison, "Rename comparison", type="primary"):
                if name.strip():
                    act(rename_comparison, saved_id, name)
                    st.rerun()
                st.warning("Enter a name.")
    if action_button(
        remove_comparison,
        "Delete saved comparison",
        icon=":material/delete:",
        help="It can be restored. The runs are not deleted.",
    ):
        act(remove_comparison, saved_id)
        st.session_state[_DELETED] = [saved_id]
        select_comparison(RUNS + ",".join(run.run_id for run in comparison.runs))
        st.rerun()


def show_latest_deleted() -> None:
    """Show the button that restores the comparison that this session has deleted, if any."""
    if st.session_state.get(_DELETED):
        _show_deleted()


def _show_deleted() -> None:
    deleted = [one for one in list_saved_ids(home(), deleted=True) if may_restore_comparison(user(), home(), one)]
    latest = st.session_state.get(_DELETED, [])
    show_trash("saved comparison", deleted, latest, restore_comparisons, clear_comparisons)
