"""The page of one run: its results and settings, or why it has none and what to do."""

from collections.abc import Callable

import streamlit as st

from core.actions.run import restore_runs
from core.datasets.dataset_key import label_of_spec
from core.displays.job_table import read_spec, write_name
from core.displays.local_time import find_zone, format_local, name_zone
from core.displays.markdown import escape_markdown
from core.displays.test_accuracy import describe_test_accuracy
from core.errors import RunNotFoundError
from core.home import describe_error, hide_paths
from core.jobs.run_lookup import FoundRun, RunState, find_run
from core.recipes import recipe_of
from core.store.elsewhere import describe_elsewhere
from core.store.note import Note
from core.store.run import Run
from core.store.variant_label import label_run
from core.store.withheld import WITHHELD
from core.ui import url
from core.ui.access import act, action_button, check_permission
from core.ui.errors import handle_errors
from core.ui.heading import show_summary, show_title
from core.ui.run.compare import show_compare_menu
from core.ui.run.files import show_files, show_log
from core.ui.run.job import show_job
from core.ui.run.model import show_model
from core.ui.run.note import show_note
from core.ui.run.results import show_results
from core.ui.run.settings import show_origin, show_settings
from core.ui.run.usage import show_usage
from core.ui.run_actions import check_mark_permissions, show_mark_buttons
from core.ui.runs.train_again import show_train_again
from core.ui.session import home, read_notes, store

url.register("run")

_COLORS = {"finished": "green", "training": "blue", "failed": "red", "diverged": "red", "damaged": "orange"}
_ICONS: dict[RunState, str] = {
    "finished": "check_circle", "queued": "hourglass_empty", "training": "model_training", "failed": "error",
    "diverged": "trending_up", "cancelled": "cancel", "damaged": "warning", "deleted": "delete",
}  # fmt: skip


def show_run() -> None:
    """Show the run of the link."""
    prefix = st.query_params.get("run", "").strip()
    st.page_link("pages/runs.py", label="All runs", icon=":material/arrow_back:")
    if not prefix:
        show_title("Run")
        st.info("No run is selected. Click a run on the Runs page or on the Jobs page.", icon=":material/info:")
        return
    try:
        found = find_run(home(), store(), prefix)
    except RunNotFoundError as error:
        show_title("Run")
        st.warning(
            f"{escape_markdown(describe_error(error))} Select a run on the Runs page.", icon=":material/link_off:"
        )
        return
    note = read_notes().get(found.run_id, Note())
    _show_heading(found, note)
    if found.run:
        _show_finished(found, found.run, note)
    else:
        _show_without_record(found, note)


def _show_heading(found: FoundRun, note: Note) -> None:
    spec = found.spec
    dataset = label_of_spec(spec) if spec else ""
    default = f"{label_run(spec)}{f' on {dataset}' if dataset else ''}, seed {spec.seed}" if spec else "Run"
    name = note.name or default
    st.set_page_config(page_title=f"Run {found.run_id} · {default} · Headroom")
    show_title(escape_markdown(f"★ {name}" if note.star else name))
    if found.run:
        accuracy = describe_test_accuracy(found.run.record)
        show_summary(escape_markdown(WITHHELD if found.run.is_withheld else accuracy[0].upper() + accuracy[1:]))
    recipe = recipe_of(spec) if spec else None
    facts = [f"Run {found.run_id}", *([default] if note.name and spec else [])]
    facts += [f"recipe {recipe.name}"] if recipe else []
    facts += _list_run_facts(found.run) if found.run else []
    if found.job:
        facts += [f"attempt {found.job.attempt}"] if found.job.attempt else []
        facts += [f"submitted by {found.job.submitted_by}"] if found.job.submitted_by else []
    facts += ["archived"] if note.archived else []
    facts += [f"#{tag}" for tag in note.tags]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        color = _COLORS.get(found.state, "gray")
        st.badge(escape_markdown(found.state), icon=f":material/{_ICONS[found.state]}:", color=color)  # type: ignore[arg-type]
        st.caption(" · ".join(map(escape_markdown, facts)))


def _list_run_facts(run: Run) -> list[str]:
    """Return when a run has finished, whether it was trained elsewhere, and how it came to this home."""
    zone = find_zone(st.context.timezone)
    finished = f"finished {format_local(run.record.finished_at, zone)} ({name_zone(zone)})"
    origin = "example" if run.path.parent == home().examples else "imported" if run.imported else ""
    return [finished, *filter(None, ["trained elsewhere" if run.spec.elsewhere else "", origin])]


def _show_finished(found: FoundRun, run: Run, note: Note) -> None:
    """Show all sections of a run with a record; a section that cannot be read shows why."""
    if found.problem:
        st.error(escape_markdown(hide_paths(found.problem)), icon=":material/error:")
    if found.state in ("queued", "training") and found.job:
        st.info("This run is trained again because its files are damaged.", icon=":material/info:")
        show_job(found.job)
    with st.container(horizontal=True, gap="small"):
        show_compare_menu(run)
        show_mark_buttons([run], [note])
        if not run.spec.elsewhere:
            show_train_again(run.spec)
    check_mark_permissions([run])
    if not run.has("predictions.npz"):
        st.info(
            "This run has no predictions, so charts of single images and classes are not available. Train it again to "
            "get them.",
            icon=":material/info:",
        )
    if run.spec.elsewhere:
        st.info(escape_markdown(describe_elsewhere(run.spec.label, [run])), icon=":material/output:")
    with handle_errors(hide_paths(found.problem or "")):
        show_results(run, damaged=bool(found.problem))
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_settings(run.spec, run.record.elsewhere)
    with right:
        st.header("Name, tags and note", anchor=False)
        show_note(run.run_id, note)
    _show_fold("Data and environment", ":material/memory:", lambda: show_origin(run))
    _show_fold("Model", ":material/deployed_code:", lambda: show_model(run))
    _show_fold("Files", ":material/download:", lambda: show_files(run))
    _show_fold("Log", ":material/terminal:", lambda: show_log(run.run_id))
    st.header("Usage", anchor=False)
    with handle_errors():
        show_usage(run.run_id)


def _show_fold(label: str, icon: str, show: Callable[[], None]) -> None:
    with st.expander(label, icon=icon, on_change="rerun", key=f"run-{label}") as fold:
        if fold.open:
            with handle_errors():
                show()


def _show_without_record(found: FoundRun, note: Note) -> None:
    """Show the state of a run without a readable record, and what to do."""
    if found.state == "damaged":
        st.error(escape_markdown(hide_paths(found.problem)), icon=":material/error:")
        st.write("The folder of this run cannot be read. Train it again; a damaged folder is kept aside.")
    elif found.state == "deleted" and found.run_id in store().deleted():
        st.info("This run was deleted. Restore it to see its results.", icon=":material/delete:")
        check_permission(restore_runs)
        if action_button(restore_runs, "Restore", icon=":material/undo:", type="primary"):
            act(restore_runs, [found.run_id])
            st.rerun()
    elif found.state == "deleted":
        st.info("The files of this run were deleted permanently. Train it again.", icon=":material/delete:")
    elif found.job:
        show_job(found.job)
    if spec := found.spec:
        show_train_again(spec)
        show_settings(spec)
        st.header("Name, tags and note", anchor=False)
        show_note(found.run_id, note)
        st.header("Usage", anchor=False)
        show_usage(found.run_id)
    elif found.job and read_spec(found.job) is None:
        st.caption(f"{escape_markdown(write_name(found.job))} was queued by another version of Headroom.")
