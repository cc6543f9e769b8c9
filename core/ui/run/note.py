"""Name, tags and note of a run, as a form for users who may edit them."""

from dataclasses import replace
from typing import Any

import streamlit as st

from core.actions.note import describe_run
from core.displays.markdown import escape_markdown
from core.errors import HeadroomError
from core.home import describe_error
from core.store.note import Note, read_tags
from core.ui.access import act, check_permission, denial_reason


def show_note(run_id: str, note: Note) -> None:
    """Show the note of a run; a conflict with the change of another user is reported when it is saved."""
    if denial_reason(describe_run):
        _show_texts(note)
        check_permission(describe_run)
        return
    opened: Note = st.session_state.setdefault(f"note-{run_id}", note)
    with st.form(f"note-of-{run_id}-{opened.version}", border=True):
        name = st.text_input("Name", opened.name, key=f"name-{run_id}-{opened.version}")
        tags = st.text_input(
            "Tags", " ".join(opened.tags), placeholder="paper draft", key=f"tags-{run_id}-{opened.version}"
        )
        text = st.text_area("Note", opened.text, key=f"text-{run_id}-{opened.version}")
        saved = st.form_submit_button("Save", icon=":material/save:")
    if saved:
        try:
            edited = replace(opened, name=name, tags=read_tags(tags), text=text, star=note.star, archived=note.archived)
            if opened.version < note.version and _texts(opened) == _texts(note):  # only star or archived changed since
                edited = replace(edited, version=note.version)
            st.session_state[f"note-{run_id}"] = act(describe_run, run_id, edited)
        except HeadroomError as error:
            st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        else:
            st.rerun()
    if opened.version < note.version and _texts(opened) != _texts(note):
        st.warning("Another user changed this note since you opened it.", icon=":material/edit_note:")
        if st.button("Reload note", help="Discards your unsaved text. Copy it first if you need it."):
            del st.session_state[f"note-{run_id}"]
            st.rerun()


def _show_texts(note: Note) -> None:
    """Show a note without the form."""
    texts = [text for text in (note.name, " ".join(note.tags), note.text) if text]
    for text in texts:
        st.text(text)
    if not texts:
        st.caption("This run has no name, tags or note.")


def _texts(note: Note) -> tuple[Any, ...]:
    return note.name, note.tags, note.text
