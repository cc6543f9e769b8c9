"""Actions for the selected runs: open, compare, star, archive, delete and export."""

import streamlit as st

from core.jobs.comparison_choice import MAX_SELECTED_RUNS
from core.plural import format_plural
from core.store.differing_settings import list_differences
from core.store.note import Note
from core.ui.display import show_frame
from core.ui.navigation import open_page
from core.ui.run_actions import check_mark_permissions, show_mark_buttons
from core.ui.run_bundle import show_export
from core.ui.run_link import open_run
from core.ui.session import compare_runs, store


def show_selected_runs(ids: list[str], notes: dict[str, Note]) -> None:
    """Show the actions for the selected runs, and their differences if there are several."""
    runs = store().open_all(ids)
    run_notes = [notes.get(run_id, Note()) for run_id in ids]
    with st.container(horizontal=True, gap="small"):
        many = len(ids) > MAX_SELECTED_RUNS
        if st.button(
            f"Compare {format_plural(len(ids), 'run')}", type="primary", icon=":material/balance:", disabled=many,
            help=f"A comparison has at most {MAX_SELECTED_RUNS} runs. Select fewer." if many else None,
        ):  # fmt: skip
            compare_runs(ids)
            open_page("pages/compare.py")
        if len(ids) == 1 and st.button("Open run", icon=":material/article:"):
            open_run(ids[0])
        show_mark_buttons(runs, run_notes)
    check_mark_permissions(runs)
    if len(runs) > 1:
        st.header("Differences", anchor=False)
        names = [note.name or run.run_id for note, run in zip(run_notes, runs, strict=True)]
        show_frame(list_differences(runs, names), run_ids=ids)
    show_export(ids)
