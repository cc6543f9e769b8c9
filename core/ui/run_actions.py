"""Buttons for one or several runs: star, archive and delete."""

import streamlit as st

from core.actions.note import archive_runs, star_runs
from core.actions.run import clear_runs, delete_runs, restore_runs
from core.store.note import Note
from core.store.run import Run
from core.ui.access import act, action_button, check_permission, denial_reason
from core.ui.session import home, store
from core.ui.trash import show_trash

_DELETED = "deleted runs"


def show_mark_buttons(runs: list[Run], notes: list[Note]) -> None:
    """Show the buttons that star, archive and delete runs, to be placed in a row.

    Args:
        notes: the note of each run.
    """
    ids = [run.run_id for run in runs]
    starred, archived = all(note.star for note in notes), all(note.archived for note in notes)
    if action_button(star_runs, "Remove star" if starred else "Add star", icon=":material/star:"):
        act(star_runs, ids, not starred)
        st.rerun()
    if action_button(archive_runs, "Unarchive" if archived else "Archive", icon=":material/archive:"):
        act(archive_runs, ids, not archived)
        st.rerun()
    deletable = _list_deletable(runs)
    if action_button(
        delete_runs,
        "Delete",
        icon=":material/delete:",
        disabled=not deletable,
        help="Deleted runs can be restored. Example runs cannot be deleted.",
    ):
        act(delete_runs, deletable)
        st.session_state[_DELETED] = deletable
        st.rerun()


def check_mark_permissions(runs: list[Run]) -> None:
    """Show why the user may not change these runs, if so."""
    if check_permission(star_runs) and _list_deletable(runs):
        check_permission(delete_runs)


def _list_deletable(runs: list[Run]) -> list[str]:
    return [run.run_id for run in runs if run.path.parent == home().runs]


def show_deleted_runs() -> None:
    """Show the trash to users who may restore runs."""
    if not denial_reason(restore_runs):
        show_trash("run", store().deleted(), st.session_state.get(_DELETED, []), restore_runs, clear_runs)
