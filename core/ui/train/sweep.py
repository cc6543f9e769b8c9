"""How a sweep fares, in one view: how far it is, the chart that fills, and every member."""

import streamlit as st

from core.actions.job import cancel_jobs, retry_sweep
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
from core.jobs.estimate import TimeEstimator
from core.jobs.queue import JobQueue
from core.jobs.sweep_plan import make_estimator
from core.jobs.sweep_status import SweepRunState, SweepStatus, read_sweep_status
from core.jobs.sweep_store import Sweep, list_sweeps
from core.spec import SETTINGS
from core.ui import url, widget
from core.ui.access import act, offer
from core.ui.display import show_frame
from core.ui.errors import handle_errors
from core.ui.session import compare_runs, home, store
from core.ui.train.progress import start_queued_jobs

url.register("against", "followed")

_EVERY_SECONDS = 2.0
_TABLE_ROWS = 12


def _label(sweep: Sweep) -> str:
    return f"{name_sweep(sweep)} ({sweep.sweep_id})"


def follow(sweep: Sweep) -> None:
    """Turns the page to a sweep; its picker, drawn already, follows in the next run."""
    st.session_state["wanted sweep"] = _label(sweep)


@st.cache_resource(show_spinner=False, max_entries=4)
def _estimator(path: str, generation: tuple[int, ...]) -> TimeEstimator:
    return make_estimator(home(), store())


def open_estimator() -> TimeEstimator:
    """Learned once for all sessions and the runs that there are."""
    return _estimator(str(home().path), store().generation)


def _read(sweep: Sweep) -> SweepStatus:
    return read_sweep_status(home(), sweep, store(), open_estimator())


def is_under_way() -> bool:
    """Whether the sweep that was asked for last is not at its end."""
    return any(not read_sweep_status(home(), sweep, store()).ended for sweep in list_sweeps(home())[:1])


def show_sweep() -> set[str]:
    """The sweep that was asked for last, or another one; nothing while there is none. Returns the ids of its runs."""
    sweeps = {_label(sweep): sweep for sweep in list_sweeps(home())}
    if not sweeps:
        return set()
    st.subheader("Sweep", anchor=False)
    if wanted := st.session_state.pop("wanted sweep", None):
        st.session_state["followed"] = wanted
    chosen = sweeps[widget.selectbox("Sweep", list(sweeps), key="followed", label_visibility="collapsed")]
    columns = list_columns(chosen.specs, chosen.settings)
    setting = columns[0] if columns else None
    if len(columns) > 1:
        labels = {SETTINGS[name].label: name for name in columns}
        setting = labels[widget.segmented("Against", list(labels), key="against")]
    ended = _read(chosen).ended
    st.fragment(_watch, run_every=None if ended else _EVERY_SECONDS)(chosen, setting, ended)
    return {spec.run_id for spec in chosen.specs}


def _watch(sweep: Sweep, setting: str | None, ended: bool) -> None:
    with handle_errors():
        standing = _read(sweep)
        if standing.ended != ended:
            st.rerun()
        if not ended:
            start_queued_jobs()
        st.progress(compute_share(standing), f"**{describe_status(standing)}**")
        _show_buttons(sweep, standing)
        st.markdown(f"**Validation accuracy by {SETTINGS[setting].label.lower() if setting else 'head'}**")
        chart = build_sweep_chart(standing, sweep.settings, setting)
        st.altair_chart(chart, width="stretch", alt=describe_sweep_chart(standing, setting))
        for reason in list_reasons(standing):
            st.caption(reason)
        show_frame(build_status_table(standing, sweep.settings), rows=_TABLE_ROWS, words=("Status",))


def _show_buttons(sweep: Sweep, standing: SweepStatus) -> None:
    counts = standing.counts
    with st.container(horizontal=True):
        _offer_retry(sweep, counts["failed"], "Retry {} failed", "failed")
        idle = counts["cancelled"] + counts["not started"]
        _offer_retry(sweep, idle, "Train {} not started", "cancelled", "not started")
        waiting = [member.spec.run_id for member in standing.members if member.state in ("queued", "running")]
        if waiting and offer(cancel_jobs, f"Stop {len(waiting)}", icon=":material/stop:"):
            unfinished = {job.run_id for job in JobQueue(home()).unfinished()}
            act(cancel_jobs, [run_id for run_id in waiting if run_id in unfinished])
            st.rerun()
        finished = [member.spec.run_id for member in standing.members if member.state == "finished"]
        if finished and st.button(f"Compare {len(finished)} finished", icon=":material/balance:"):
            compare_runs(finished)
            url.go("pages/compare.py")


def _offer_retry(sweep: Sweep, count: int, label: str, *states: SweepRunState) -> None:
    if count and offer(retry_sweep, label.format(count), icon=":material/replay:"):
        act(retry_sweep, sweep, *states)
        st.rerun()
