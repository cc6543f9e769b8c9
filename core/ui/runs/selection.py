"""What can be done with ticked runs: compare, tell apart, mark, put away, remove, describe, take along."""

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from core.actions.note import archive_runs, describe_run, star_runs
from core.actions.run import clear_runs, delete_runs, restore_runs
from core.displays.number import format_bytes, format_plural
from core.errors import AccessError, HeadroomError, NoteError
from core.store.differing_settings import list_differences
from core.store.import_validation import MODELS
from core.store.note import Note, read_tags
from core.store.run import Run
from core.ui import url
from core.ui.access import act, offer, problem, show_denial
from core.ui.display import show_frame
from core.ui.runs.bundle import show_export
from core.ui.runs.train_again import show_again
from core.ui.session import compare_runs, home, store
from core.ui.trash import show_trash

_REMOVED = "removed"


def show_chosen(ids: list[str], notes: dict[str, Note]) -> None:
    """Buttons for the ticked runs, and the one run in full when it is one."""
    runs = store().open_all(ids)
    added = [notes.get(run_id, Note()) for run_id in ids]
    own = [run.run_id for run in runs if run.path.parent == home().runs]
    with st.container(horizontal=True, gap="small"):
        if st.button(f"Compare {format_plural(len(ids), 'run')}", type="primary", icon=":material/balance:"):
            compare_runs(ids)
            url.go("pages/compare.py")
        starred, away = all(note.star for note in added), all(note.archived for note in added)
        if offer(star_runs, "Take the star away" if starred else "Star", icon=":material/star:"):
            act(star_runs, ids, not starred)
            st.rerun()
        if offer(archive_runs, "Bring back from the archive" if away else "Archive", icon=":material/archive:"):
            act(archive_runs, ids, not away)
            st.rerun()
        if offer(
            delete_runs, "Delete", icon=":material/delete:", disabled=not own, help="Can be undone. Examples stay."
        ):
            _remove(own)
    if show_denial(star_runs) and own:
        show_denial(delete_runs)
    if len(runs) > 1:
        st.subheader("What differs", anchor=False)
        show_frame(list_differences(runs, [note.name or run.run_id for note, run in zip(added, runs, strict=True)]))
    else:
        _show_form(runs[0], added[0])
        show_again(runs[0].spec)
        _show_models(runs[0])
    show_export(ids)


def show_removed() -> None:
    """Undo for deleted runs, for those who may restore them."""
    if not problem(restore_runs):
        show_trash("run", store().deleted(), st.session_state.get(_REMOVED, []), restore_runs, clear_runs)


def _remove(ids: list[str]) -> None:
    act(delete_runs, ids)
    st.session_state[_REMOVED] = ids
    st.rerun()


def _show_form(run: Run, note: Note) -> None:
    """Filled from the note as it is shown: who saves over the change of another is told."""
    run_id = run.run_id
    if problem(describe_run):
        _show_note(run_id, note)
        return
    seen: Note = st.session_state.setdefault(f"note-{run_id}", note)
    with st.form(f"note-of-{run_id}-{seen.version}", border=True):
        st.caption(f"Run {run_id}")
        name = st.text_input("Name", seen.name, key=f"name-{run_id}-{seen.version}")
        tags = st.text_input(
            "Tags", " ".join(seen.tags), placeholder="paper draft", key=f"tags-{run_id}-{seen.version}"
        )
        text = st.text_area("Note", seen.text, key=f"text-{run_id}-{seen.version}")
        saved = st.form_submit_button("Save", icon=":material/save:")
    if saved:
        try:
            kept = replace(seen, name=name, tags=read_tags(tags), text=text, star=note.star, archived=note.archived)
            if seen.version < note.version and _words(seen) == _words(note):  # only a star came since
                kept = replace(kept, version=note.version)
            st.session_state[f"note-{run_id}"] = act(describe_run, run_id, kept)
        except (NoteError, AccessError) as error:
            st.error(str(error), icon=":material/error:")
        else:
            st.rerun()
    if seen.version < note.version and _words(seen) != _words(note):
        st.warning("Somebody changed this note since you opened it.", icon=":material/edit_note:")
        if st.button("Show the newer one", help="What you typed here is lost then; copy it first."):
            del st.session_state[f"note-{run_id}"]
            st.rerun()


def _show_note(run_id: str, note: Note) -> None:
    """What others added, for those who may only read it."""
    st.caption(f"Run {run_id}")
    for text in (note.name, " ".join(note.tags), note.text):
        if text:
            st.text(text)


def _words(note: Note) -> tuple[Any, ...]:
    return note.name, note.tags, note.text


def _show_models(run: Run) -> None:
    """Reads a model file only when somebody asks for it."""
    with st.container(horizontal=True):
        for name in MODELS:
            if run.has(name):
                size = format_bytes((run.path / name).stat().st_size)
                st.download_button(
                    f".{name.rpartition('.')[2]} model, {size}",
                    partial(_read, run, name),
                    file_name=f"{run.run_id}.{name.rpartition('.')[2]}",
                    icon=":material/download:",
                    on_click="ignore",
                    key=f"download-{run.run_id}-{name}",
                )
    if not any(run.has(name) for name in MODELS):
        st.caption("This run came without its model files.")


def _read(run: Run, name: str) -> bytes:
    try:
        return run.artifact(name).read_bytes()
    except HeadroomError as error:
        raise RuntimeError(str(error)) from None
