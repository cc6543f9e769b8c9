"""Actions for the selected runs: compare, star, archive, delete, annotate, download and export."""

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from core.actions.note import archive_runs, describe_run, star_runs
from core.actions.run import clear_runs, delete_runs, restore_runs
from core.displays.markdown import escape_markdown
from core.displays.number import format_bytes, format_plural
from core.displays.test_accuracy import describe_test_accuracy
from core.errors import HeadroomError
from core.home import describe_error
from core.jobs.comparison_choice import MAX_SELECTED_RUNS
from core.store.differing_settings import list_differences
from core.store.import_validation import MODELS
from core.store.note import Note, read_tags
from core.store.run import Run
from core.ui import url
from core.ui.access import act, action_button, check_permission, denial_reason
from core.ui.display import show_frame
from core.ui.runs.bundle import show_export
from core.ui.runs.train_again import show_train_again
from core.ui.session import compare_runs, home, store
from core.ui.trash import show_trash

_DELETED = "deleted runs"


def show_selected_runs(ids: list[str], notes: dict[str, Note]) -> None:
    """Show the actions for the selected runs, and the details of a single run."""
    runs = store().open_all(ids)
    run_notes = [notes.get(run_id, Note()) for run_id in ids]
    deletable = [run.run_id for run in runs if run.path.parent == home().runs]
    with st.container(horizontal=True, gap="small"):
        many = len(ids) > MAX_SELECTED_RUNS
        if st.button(
            f"Compare {format_plural(len(ids), 'run')}", type="primary", icon=":material/balance:", disabled=many,
            help=f"A comparison has at most {MAX_SELECTED_RUNS} runs. Select fewer." if many else None,
        ):  # fmt: skip
            compare_runs(ids)
            url.open_page("pages/compare.py")
        starred, archived = all(note.star for note in run_notes), all(note.archived for note in run_notes)
        if action_button(star_runs, "Remove star" if starred else "Add star", icon=":material/star:"):
            act(star_runs, ids, not starred)
            st.rerun()
        if action_button(archive_runs, "Unarchive" if archived else "Archive", icon=":material/archive:"):
            act(archive_runs, ids, not archived)
            st.rerun()
        if action_button(
            delete_runs,
            "Delete",
            icon=":material/delete:",
            disabled=not deletable,
            help="Deleted runs can be restored. Example runs cannot be deleted.",
        ):
            _delete(deletable)
    if check_permission(star_runs) and deletable:
        check_permission(delete_runs)
    if len(runs) > 1:
        st.subheader("Differences", anchor=False)
        show_frame(list_differences(runs, [note.name or run.run_id for note, run in zip(run_notes, runs, strict=True)]))
    else:
        st.caption(f"Run {runs[0].run_id}: {escape_markdown(describe_test_accuracy(runs[0].record))}.")
        _show_note_form(runs[0], run_notes[0])
        show_train_again(runs[0].spec)
        _show_models(runs[0])
    show_export(ids)


def show_deleted_runs() -> None:
    """Show the trash to users who may restore runs."""
    if not denial_reason(restore_runs):
        show_trash("run", store().deleted(), st.session_state.get(_DELETED, []), restore_runs, clear_runs)


def _delete(ids: list[str]) -> None:
    act(delete_runs, ids)
    st.session_state[_DELETED] = ids
    st.rerun()


def _show_note_form(run: Run, note: Note) -> None:
    """Show a form for the note; a conflict with the change of another user is reported when it is saved."""
    run_id = run.run_id
    if denial_reason(describe_run):
        _show_note(run_id, note)
        return
    opened: Note = st.session_state.setdefault(f"note-{run_id}", note)
    with st.form(f"note-of-{run_id}-{opened.version}", border=True):
        st.caption(f"Run {run_id}")
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


def _show_note(run_id: str, note: Note) -> None:
    """Show a note without the form."""
    st.caption(f"Run {run_id}")
    for text in (note.name, " ".join(note.tags), note.text):
        if text:
            st.text(text)


def _texts(note: Note) -> tuple[Any, ...]:
    return note.name, note.tags, note.text


def _show_models(run: Run) -> None:
    """Show download buttons for the model files, which are read on download."""
    with st.container(horizontal=True):
        for name in MODELS:
            if run.has(name):
                size = format_bytes((run.path / name).stat().st_size)
                suffix = name.rpartition(".")[2]
                epoch = " of the last epoch" if name.startswith("last") else ""
                st.download_button(
                    f"Download .{escape_markdown(suffix)} model{epoch} ({size})",
                    partial(_read, run, name),
                    file_name=f"{run.run_id}-{name}" if name.startswith("last") else f"{run.run_id}.{suffix}",
                    icon=":material/download:",
                    on_click="ignore",
                    key=f"download-{run.run_id}-{name}",
                )
    if not any(run.has(name) for name in MODELS):
        st.caption("This run has no model files.")


def _read(run: Run, name: str) -> bytes:
    try:
        return run.artifact(name).read_bytes()
    except HeadroomError as error:
        raise RuntimeError(describe_error(error)) from None
