"""Deleted runs and reports: the undo button, and the button that deletes them permanently."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.access.action import Action
from core.displays.number import format_plural
from core.ui.access import act, offer

_HELP = "Frees disk space. This cannot be undone."


def show_trash(
    noun: str, deleted: Sequence[str], latest: Sequence[str], restore: Action[..., Any], clear: Action[..., Any]
) -> None:
    """Show how many things are deleted, with undo for the latest of them, or for all.

    Args:
        noun: what they are, in the singular.
        deleted: ids that can be restored.
        latest: ids that this session deleted last.
    """
    if not deleted:
        return
    wanted = [one for one in latest if one in deleted] or list(deleted)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"{format_plural(len(deleted), f'deleted {noun}')} can be restored.")
        if offer(restore, f"Undo: restore {len(wanted)}", icon=":material/undo:"):
            act(restore, wanted)
            st.rerun()
        if offer(clear, "Delete permanently", icon=":material/delete_forever:", help=_HELP):
            act(clear)
            st.rerun()
