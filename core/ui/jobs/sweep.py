"""Status of a sweep on the Jobs page: progress, chart of the results, and every run; its link on the Train page."""

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
from core.ui.display import draw_chart, show_frame
from core.ui.errors import handle_errors
from core.ui.job_queue import start_queued_jobs
from core.ui.navigation import open_page
from core.ui.session import home, select_comparison, store
from core.ui.submission import submit_from_page

_LINK = ("followed", "against")
url.register(*_LINK)

_REFRESH_SECONDS = 2.0
_TABLE_ROWS = 12


def _label(sweep: Sweep) -> str:
    return f"{name_sweep(sweep)} ({sweep.sweep_id})"


def open_sweep_view(sweep_id: str) -> None:
    """Open a sweep on the Jobs page."""
    open_page("pages/jobs.py", {"followed": sweep_id})


def follow_former_link() -> None:
    """Open the Jobs page for a link to a sweep on the Train page, where sweeps were shown before."""
    if st.query_params.get("followed"):
        params = {name: st.query_params[name] for name in _LINK if name in st.query_params}
        st.switch_page("pages/jobs.py", query_params=params)


@st.cache_resource(show_spinner=False, max_entries=4)
def _estimator(path: str, generation: tuple[int, ...]) -> TimeEstimator:
    return make_estimator(home(), store())


def open_estimator() -> TimeEstimator:
    """Return the time estimator, fitted once per list of runs for all sessions."""
    return _estimator(str(home().path), store().generation)


def _read_status(sweep: Sweep) -> SweepStatus:
    return read_sweep_status(home(), sweep, store(), open_estimator())


def find_running_sweep() -> Sweep | None:
    """Return the latest sweep if it is in progress."""
    return next((sweep for sweep in list_sweeps(home())[:1] if not _read_status(sweep).ended), None)


def show_sweep_link() -> set[str]:
    """Show the progress of the sweep in progress, if any, with a link to it. Return its run IDs."""
    sweep = find_running_sweep()
    if sweep is None:
        return set()
    st.fragment(_watch_link, run_every=_REFRESH_SECONDS)(sweep)
    return {spec.run_id for spec in sweep.specs}


def _watch_link(sweep: Sweep) -> None:
    with handle_errors():
        status = _read_status(sweep)
        if status.ended:
            st.rerun()
        start_queued_jobs()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(compute_share(status), f"**Sweep** · {escape_markdown(describe_status(status))}")
            if st.button("View sweep", icon=":material/grid_view:", width="content"):
                open_sweep_view(sweep.sweep_id)


def show_sweep() -> None:
    """Show the selected sweep, by default the latest, if any."""
    sweeps = {sweep.sweep_id: sweep for sweep in list_sweeps(home())}
    if not sweeps and "followed" not in st.query_params:
        return
    st.header("Sweep", anchor=False)
    selected = widget.item(
        "Sweep", list(sweeps), key="followed", format_func=lambda sweep_id: _label(sweeps[sweep_id]),
        gone="Sweep", label_visibility="collapsed",
    )  # fmt: skip
    if selected:
        _show(sweeps[selected])


def _show(selected: Sweep) -> None:
    columns = list_columns(selected.specs, selected.settings)
    setting = columns[0] if columns else None
    if len(columns) > 1:
        setting = widget.segmented("X axis", columns, key="against", format_func=lambda name: SETTINGS[name].label)
    ended = _read_status(selected).ended
    st.fragment(_watch, run_every=None if ended else _REFRESH_SECONDS)(selected, setting, ended)


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
        draw_chart(chart, describe_sweep_chart(status, setting))
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
        label = f"Compare {len(finished)} finished"
        if finished and st.button(label, icon=":material/balance:", type="primary" if status.ended else "secondary"):
            select_comparison(f"{SWEEP}{sweep.sweep_id}")
            open_page("pages/compare.py")


def _show_retry_button(sweep: Sweep, count: int, verb: str, state: str, *states: SweepRunState) -> None:
    if count and action_button(retry_sweep, f"{verb} {count:,} {state}", icon=":material/replay:"):
        submit_from_page(retry_sweep, sweep, *states)
        st.rerun()
