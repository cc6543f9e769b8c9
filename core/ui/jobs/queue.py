"""Live queue, details of one job with its log and buttons, and completed jobs."""

import time

import streamlit as st

from core.actions.job import cancel_jobs, move_job, pause_queue, retry_job
from core.displays.job_table import list_active_jobs, list_completed_jobs, read_spec, write_names
from core.displays.markdown import escape_markdown
from core.displays.progress import describe_settings
from core.home import hide_paths
from core.jobs.health import read_live_progress
from core.jobs.progress import read_log
from core.jobs.queue import Job, JobQueue
from core.ui import url, widget
from core.ui.access import act, action_button, check_permission
from core.ui.display import show_frame
from core.ui.errors import handle_errors
from core.ui.job_queue import (
    show_comparison_button,
    show_dispatcher_health,
    show_pause,
    show_revive_button,
    start_queued_jobs,
)
from core.ui.session import home

url.register("job")

_BUSY_SECONDS, _IDLE_SECONDS = 2.0, 6.0
_MAX_COMPLETED = 200
_MAX_CHOICES = 50
_ID_CHARS = 12  # at the end of the labels in old links
_LOG_LINES = 30
_LOG_PIXELS = 320
_TEXT_COLUMNS = ("Status", "Dataset", "Submitted by", "Run")


def show_queue() -> bool:
    """Show the live queue and the details of one job. Return False, with a link to Train, if there are no jobs."""
    queue = JobQueue(home())
    active = {job.run_id for job in queue.unfinished()}
    if not active and not queue.ended(1):
        st.markdown("#### No jobs yet.")
        st.write("Queued, running and failed jobs appear here.")
        show_pause()
        st.page_link("pages/train.py", label="Train a first comparison", icon=":material/model_training:")
        return False
    st.fragment(_watch, run_every=_BUSY_SECONDS if active else _IDLE_SECONDS)(active)
    return True


def show_history() -> None:
    """Show the completed jobs, with the reason of each failure."""
    ended = JobQueue(home()).ended(_MAX_COMPLETED + 1)
    if not ended:
        return
    st.subheader("Completed jobs", anchor=False)
    columns = {name: st.column_config.TextColumn(name) for name in _TEXT_COLUMNS}
    frame = list_completed_jobs(ended[:_MAX_COMPLETED], time.time())
    if (frame["Reason"] == "–").all():
        frame = frame.drop(columns="Reason")
    else:
        columns |= {"Reason": st.column_config.TextColumn("Reason", width="large")}
    show_frame(frame, columns)
    if ended[_MAX_COMPLETED:]:
        st.caption(f"Only the latest {_MAX_COMPLETED} jobs are shown. `headroom jobs` lists all.")


def _watch(known: set[str]) -> None:
    """Redraw the queue and the selected job; rerun the page when a job was added or has ended."""
    with handle_errors():
        queue = JobQueue(home())
        unfinished = queue.unfinished()
        if {job.run_id for job in unfinished} != known:
            st.rerun()
        start_queued_jobs()
        running = [job for job in unfinished if job.state == "running"]
        queued = len(unfinished) - len(running)
        st.markdown(
            f"#### {len(running)} running, {queued} queued." if unfinished else "#### No running or queued jobs."
        )
        check_permission(pause_queue)
        show_dispatcher_health()
        if show_pause():
            pass
        elif unfinished and action_button(
            pause_queue, "Pause queue", icon=":material/pause:", help="No new jobs start. Running jobs finish."
        ):
            act(pause_queue)
            st.rerun()
        if unfinished:
            progress = {job.run_id: read_live_progress(home(), job) for job in running}
            bar = st.column_config.ProgressColumn("Progress", format="%.0f%%", min_value=0, max_value=100, width=120)
            columns = {name: st.column_config.TextColumn(name) for name in _TEXT_COLUMNS}
            show_frame(list_active_jobs(unfinished, progress), {"Progress": bar} | columns)
        else:
            st.page_link("pages/train.py", label="Train more runs", icon=":material/model_training:")
        _show_details(queue, unfinished)


def _show_details(queue: JobQueue, unfinished: list[Job]) -> None:
    choices = [*sorted(unfinished, key=lambda job: job.state != "running"), *queue.ended(_MAX_CHOICES)]
    jobs = {job.run_id: job for job in choices}
    linked = (st.session_state.get("job") or st.query_params.get("job", ""))[-_ID_CHARS:]
    if linked not in jobs and (older := queue.job(linked)):
        jobs[linked] = older
    names = {run_id: f"{name} · {run_id}" for run_id, name in write_names([*jobs.values()]).items()}
    selected = widget.item("Job details", list(jobs), key="job", format_func=names.__getitem__, gone="Job")
    if selected is None:
        return
    job = jobs[selected]
    spec = read_spec(job)
    facts = [job.state if not job.cancel else "stopping", *([describe_settings(spec)] if spec else [])]
    facts += [f"attempt {job.attempt}"] if job.attempt else []
    facts += [f"submitted by {job.submitted_by}"] if job.submitted_by else []
    st.caption(" · ".join(map(escape_markdown, facts)))
    if job.reason:
        st.error(escape_markdown(hide_paths(job.reason)), icon=":material/error:")
    with st.container(horizontal=True):
        _show_buttons(job, len(unfinished))
    log = read_log(home(), job.run_id, _LOG_LINES)
    if log:
        st.code(log, language=None, wrap_lines=True, height=_LOG_PIXELS)
    else:
        st.caption("The log is empty." if job.state in ("queued", "running") else "The log no longer exists.")


def _show_buttons(job: Job, unfinished: int) -> None:
    """Show the buttons for the state of a job."""
    if (progress := read_live_progress(home(), job)) and progress.silent_seconds:
        show_revive_button("Restart", key=f"Restart-{job.run_id}")
    if job.state == "queued":
        for label, icon, offset in (
            ("Move to front", "vertical_align_top", -unfinished),
            ("Move up", "arrow_upward", -1),
            ("Move down", "arrow_downward", 1),
        ):
            if action_button(move_job, label, icon=f":material/{icon}:", key=f"{label}-{job.run_id}"):
                act(move_job, job.run_id, offset)
                st.rerun()
    if job.state in ("queued", "running") and action_button(
        cancel_jobs,
        "Cancel",
        icon=":material/stop:",
        key=f"cancel-{job.run_id}",
        disabled=job.cancel,
        help="The progress is kept: Resume continues from the last checkpoint.",
    ):
        act(cancel_jobs, [job.run_id])
        st.rerun()
    for state, label in (("cancelled", "Resume"), ("failed", "Retry")):
        if job.state == state and action_button(
            retry_job,
            label,
            icon=":material/replay:",
            key=f"{label}-{job.run_id}",
            help="Continues from the last checkpoint.",
        ):
            act(retry_job, job.run_id, job.state)
            st.rerun()
    if job.state == "finished":
        show_comparison_button(job.run_id)
