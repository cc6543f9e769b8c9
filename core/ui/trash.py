"""Deleted runs and reports: buttons to restore them and to delete them permanently."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.access.action import Action
from core.plural import format_plural
from core.ui.access import act, action_button

_HELP = "Frees disk space. This cannot be undone."


def show_trash(
    noun: str, deleted: Sequence[str], latest: Sequence[str], restore: Action[..., Any], clear: Action[..., Any]
) -> None:
    """Show the number of deleted items, with buttons to restore the latest ones (or all) and to clear the trash.

    Args:
        noun: name of an item, in the singular.
        deleted: IDs that can be restored.
        latest: IDs that this session deleted last.
    """
    if not deleted:
        return
    selected = [item for item in latest if item in deleted] or list(deleted)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"{format_plural(len(deleted), f'deleted {noun}')} can be restored.")
        if action_button(restore, f"Restore {len(selected)}", icon=":material/undo:"):
            act(restore, selected)
            st.rerun()
        if action_button(clear, "Delete permanently", icon=":material/delete_forever:", help=_HELP):
            act(clear)
            st.rerun()
