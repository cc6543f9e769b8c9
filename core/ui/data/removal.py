"""Removal of a custom dataset, and the trash from which it can be restored."""

from collections.abc import Collection

import streamlit as st

from core.actions.dataset import clear_data, remove_data, restore_data
from core.datasets.custom.removed import list_removed
from core.displays.markdown import escape_markdown
from core.errors import HeadroomError
from core.home import describe_error
from core.ui.access import act, action_button, check_permission, denial_reason
from core.ui.session import home
from core.ui.trash import show_trash

_REMOVED, _LEFT = "removed datasets", "removed dataset of the page"
_HELP = "A removed dataset can be restored. Results of runs are kept; their images are not shown until then."


def show_remove(key: str) -> None:
    """Show the button that moves a custom dataset to the trash."""
    if action_button(remove_data, "Remove dataset", icon=":material/delete:", help=_HELP):
        try:
            act(remove_data, key)
        except HeadroomError as error:
            st.error(escape_markdown(describe_error(error)), icon=":material/error:")
            return
        st.session_state[_REMOVED], st.session_state[_LEFT] = [key], (key, False)
        st.session_state.pop("dataset_shown", None)
        st.query_params.pop("dataset_shown", None)
        st.rerun()
    check_permission(remove_data)


def select_after_removal(keys: Collection[str], default: str) -> None:
    """Select another dataset after the removal of the selected one, and the removed one after it was restored.

    The browser keeps the selection of a box until it is set to another value.
    """
    removed, left = st.session_state.get(_LEFT, ("", True))
    if removed in keys:
        st.session_state["dataset_shown"] = removed
        del st.session_state[_LEFT]
    elif not left:
        st.session_state["dataset_shown"], st.session_state[_LEFT] = default, (removed, True)


def show_removed() -> None:
    """Show the trash to users who may restore datasets."""
    if not denial_reason(restore_data):
        show_trash("dataset", list_removed(home()), st.session_state.get(_REMOVED, []), restore_data, clear_data)
