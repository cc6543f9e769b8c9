"""Status of a sweep: progress, chart of the results, and every run."""

import streamlit as st

from core.actions.job import cancel_jobs, retry_sweep
from core.displays.markdown import escape_markdown
from core.displays.sweep import (
    build_status_table,
    build_sweep_chart,
    compute_share,
    describe_status,
    describe_sweep_chart,
    list_columns,
    list_reasons,
    name_sweep,
)
from core.jobs.comparison_choice import SWEEP
from core.jobs.estimate import TimeEstimator
from core.jobs.queue import JobQueue
from core.jobs.sweep_plan import make_estimator
from core.jobs.sweep_status import SweepRunState, SweepStatus, read_sweep_status
from core.jobs.sweep_store import Sweep, list_sweeps
from core.spec import SETTINGS
from core.store.kept_epoch import describe_keep
from core.ui import url, widget
from core.ui.access import act, action_button
from core.ui.display import show_frame
from core.ui.errors import handle_errors
from core.ui.job_queue import start_queued_jobs
from core.ui.session import home, select_comparison, store

url.register("against", "followed")

_REFRESH_SECONDS = 2.0
_TABLE_ROWS = 12
_NEXT = "next sweep"  # set after the picker was drawn, applied in the next run


def _label(sweep: Sweep) -> str:
    return f"{name_sweep(sweep)} ({sweep.sweep_id})"


def select_sweep(sweep: Sweep) -> None:
    """Select a sweep in the picker, from the next script run on."""
    st.session_state[_NEXT] = sweep.sweep_id


@st.cache_resource(show_spinner=False, max_entries=4)
def _estimator(path: str, generation: tuple[int, ...]) -> TimeEstimator:
    return make_estimator(home(), store())


def open_estimator() -> TimeEstimator:
    """Return the time estimator, fitted once per list of runs for all sessions."""
    return _estimator(str(home().path), store().generation)


def _read_status(sweep: Sweep) -> SweepStatus:
    return read_sweep_status(home(), sweep, store(), open_estimator())


def is_latest_in_progress() -> bool:
    """Return whether the latest sweep is in progress."""
    return any(not read_sweep_status(home(), sweep, store()).ended for sweep in list_sweeps(home())[:1])


def show_sweep() -> set[str]:
    """Show the selected sweep, by default the latest, if any. Return its run IDs."""
    sweeps = {sweep.sweep_id: sweep for sweep in list_sweeps(home())}
    if not sweeps and "followed" not in st.query_params:
        return set()
    st.subheader("Sweep", anchor=False)
    if sweep_id := st.session_state.pop(_NEXT, None):
        st.session_state["followed"] = sweep_id
    selected = widget.item(
        "Sweep", list(sweeps), key="followed", format_func=lambda sweep_id: _label(sweeps[sweep_id]),
        gone="Sweep", label_visibility="collapsed",
    )  # fmt: skip
    return _show(sweeps[selected]) if selected else set()


def _show(selected: Sweep) -> set[str]:
    columns = list_columns(selected.specs, selected.settings)
    setting = columns[0] if columns else None
    if len(columns) > 1:
        setting = widget.segmented("X axis", columns, key="against", format_func=lambda name: SETTINGS[name].label)
    ended = _read_status(selected).ended
    st.fragment(_watch, run_every=None if ended else _REFRESH_SECONDS)(selected, setting, ended)
    return {spec.run_id for spec in selected.specs}


def _watch(sweep: Sweep, setting: str | None, ended: bool) -> None:
    with handle_errors():
        status = _read_status(sweep)
        if status.ended != ended:
            st.rerun()
        if not ended:
            start_queued_jobs()
        st.progress(compute_share(status), f"**{escape_markdown(describe_status(status))}**")
        _show_buttons(sweep, status)
        by = SETTINGS[setting].label.lower() if setting else "head"
        kept = dict.fromkeys(describe_keep(spec.keep) for spec in sweep.specs)
        st.markdown(f"**Validation accuracy by {by}**, at the {escape_markdown(' or '.join(kept))}")
        chart = build_sweep_chart(status, sweep.settings, setting)
        st.altair_chart(chart, width="stretch", alt=describe_sweep_chart(status, setting))
        for reason in list_reasons(status):
            st.caption(escape_markdown(reason))
        show_frame(build_status_table(status, sweep.settings), rows=_TABLE_ROWS, words=("Status",))


def _show_buttons(sweep: Sweep, status: SweepStatus) -> None:
    counts = status.counts
    with st.container(horizontal=True):
        _show_retry_button(sweep, counts["failed"], "Retry", "failed", "failed")
        not_started = counts["cancelled"] + counts["not started"]
        _show_retry_button(sweep, not_started, "Train", "not started", "cancelled", "not started")
        active = [run.spec.run_id for run in status.members if run.state in ("queued", "running")]
        if active and action_button(cancel_jobs, f"Cancel {len(active)}", icon=":material/stop:"):
            unfinished = {job.run_id for job in JobQueue(home()).unfinished()}
            act(cancel_jobs, [run_id for run_id in active if run_id in unfinished])
            st.rerun()
        finished = [run.spec.run_id for run in status.members if run.state == "finished"]
        if finished and st.button(f"Compare {len(finished)} finished", icon=":material/balance:"):
            select_comparison(f"{SWEEP}{sweep.sweep_id}")
            url.open_page("pages/compare.py")


def _show_retry_button(sweep: Sweep, count: int, verb: str, state: str, *states: SweepRunState) -> None:
    if count and action_button(retry_sweep, f"{verb} {count:,} {state}", icon=":material/replay:"):
        act(retry_sweep, sweep, *states)
        st.rerun()
