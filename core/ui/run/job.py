"""The job of a run that is not finished: progress, curves, log, and buttons to cancel, resume, retry and reorder."""

import streamlit as st

from core.actions.job import cancel_jobs, move_job, retry_job
from core.displays.job_table import read_spec
from core.displays.live_curves import build_live_charts
from core.displays.markdown import escape_markdown
from core.displays.progress import describe_progress
from core.home import hide_paths
from core.jobs.health import read_live_progress
from core.jobs.progress import folder_of
from core.jobs.queue import Job, JobQueue
from core.store.history import read_history
from core.ui.access import act, action_button, check_permission
from core.ui.display import draw_chart
from core.ui.errors import handle_errors
from core.ui.job_queue import show_dispatcher_health, show_pause, show_revive_button, start_queued_jobs
from core.ui.run.files import show_log
from core.ui.session import home
from core.ui.submission import submit_from_page

_REFRESH_SECONDS = 1.0


def show_job(job: Job) -> None:
    """Show a job; a queued or running one is redrawn until it ends."""
    if job.state in ("queued", "running"):
        st.fragment(_watch, run_every=_REFRESH_SECONDS)(job)
        return
    if job.reason:
        st.error(escape_markdown(hide_paths(job.reason)), icon=":material/error:")
    check_permission(retry_job)
    with st.container(horizontal=True):
        _show_retry_buttons(job)
    _show_curves(job)
    st.header("Log", anchor=False)
    show_log(job.run_id)


def _watch(known: Job) -> None:
    """Redraw the progress; rerun the page when the job starts or ends."""
    with handle_errors():
        queue = JobQueue(home())
        job = queue.job(known.run_id)
        if job is None or job.state != known.state:
            st.rerun()
        start_queued_jobs()
        show_pause()
        show_dispatcher_health()
        _show_progress(job)
        order = [waiting.run_id for waiting in queue.unfinished() if waiting.state == "queued"]
        if job.run_id in order:
            st.caption(f"Position {order.index(job.run_id) + 1:,} of {len(order):,} in the queue.")
        check_permission(cancel_jobs)
        with st.container(horizontal=True):
            _show_active_buttons(job, len(order))
        _show_curves(job)
        st.header("Log", anchor=False)
        show_log(job.run_id, active=True)


def _show_progress(job: Job) -> None:
    share, text = describe_progress(job.state, read_live_progress(home(), job))
    st.progress(share, escape_markdown("stopping" if job.cancel else text))


def _show_curves(job: Job) -> None:
    """Show the validation metrics of the completed epochs, if any."""
    spec, folder = read_spec(job), folder_of(home(), job.run_id)
    charts = build_live_charts([(spec, read_history(folder / "history.jsonl"))]) if spec and folder else []
    if charts:
        for column, chart in zip(st.columns(2, gap="large"), charts, strict=False):
            with column:
                draw_chart(chart, "Validation metrics of this run by epoch.")


def _show_active_buttons(job: Job, queued: int) -> None:
    if (progress := read_live_progress(home(), job)) and progress.silent_seconds:
        show_revive_button("Restart", key=f"Restart-{job.run_id}")
    if job.state == "queued":
        for label, icon, offset in (
            ("Move to front", "vertical_align_top", -queued),
            ("Move up", "arrow_upward", -1),
            ("Move down", "arrow_downward", 1),
        ):
            if action_button(move_job, label, icon=f":material/{icon}:", key=f"{label}-{job.run_id}"):
                act(move_job, job.run_id, offset)
                st.rerun()
    if action_button(
        cancel_jobs,
        "Cancel",
        icon=":material/stop:",
        key=f"cancel-{job.run_id}",
        disabled=job.cancel,
        help="The progress is kept: Resume continues from the last checkpoint.",
    ):
        act(cancel_jobs, [job.run_id])
        st.rerun()


def _show_retry_buttons(job: Job) -> None:
    for state, label in (("cancelled", "Resume"), ("failed", "Retry")):
        if job.state == state and action_button(
            retry_job,
            label,
            icon=":material/replay:",
            key=f"{label}-{job.run_id}",
            type="primary",
            help="Continues from the last checkpoint.",
        ):
            submit_from_page(retry_job, job.run_id, job.state)
            st.rerun()
