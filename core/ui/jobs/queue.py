"""Live queue and completed jobs; a click on a job opens its run."""

import time

import streamlit as st

from core.actions.job import pause_queue
from core.displays.job_table import list_active_jobs, list_completed_jobs
from core.jobs.health import read_live_progress
from core.jobs.queue import JobQueue
from core.ui import url
from core.ui.access import act, action_button, check_permission
from core.ui.display import show_frame
from core.ui.errors import handle_errors
from core.ui.heading import show_summary
from core.ui.job_queue import show_dispatcher_health, show_pause, start_queued_jobs
from core.ui.session import home, store

url.register("job")

_BUSY_SECONDS, _IDLE_SECONDS = 2.0, 6.0
_MAX_COMPLETED = 200
_ID_CHARS = 12  # at the end of the labels in old links
_TEXT_COLUMNS = ("Status", "Dataset", "Submitted by", "Run")


def follow_job_link() -> None:
    """Open the run of an old link to a job."""
    if job := st.query_params.get("job"):
        st.switch_page("pages/run.py", query_params={"run": job[-_ID_CHARS:]})


def show_queue() -> bool:
    """Show the live queue. Return False, with a link to Train, if there are no jobs."""
    queue = JobQueue(home())
    active = {job.run_id for job in queue.unfinished()}
    if not active and not queue.ended(1):
        show_summary("No jobs yet.")
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
    st.header("Completed jobs", anchor=False)
    columns = {name: st.column_config.TextColumn(name) for name in _TEXT_COLUMNS}
    frame = list_completed_jobs(ended[:_MAX_COMPLETED], time.time(), store())
    if (frame["Reason"] == "–").all():
        frame = frame.drop(columns="Reason")
    else:
        columns |= {"Reason": st.column_config.TextColumn("Reason", width="large")}
    show_frame(frame, columns, run_ids=frame["Run"].tolist())
    st.caption("Click a job for its results or its log, and to retry or resume it.")
    if ended[_MAX_COMPLETED:]:
        st.caption(f"Only the latest {_MAX_COMPLETED} jobs are shown. `headroom jobs` lists all.")


def _watch(known: set[str]) -> None:
    """Redraw the queue; rerun the page when a job was added or has ended."""
    with handle_errors():
        queue = JobQueue(home())
        unfinished = queue.unfinished()
        if {job.run_id for job in unfinished} != known:
            st.rerun()
        start_queued_jobs()
        running = [job for job in unfinished if job.state == "running"]
        queued = len(unfinished) - len(running)
        show_summary(f"{len(running)} running, {queued} queued." if unfinished else "No running or queued jobs.")
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
            frame = list_active_jobs(unfinished, progress)
            show_frame(frame, {"Progress": bar} | columns, run_ids=frame["Run"].tolist())
            st.caption("Click a job for its log, its curves and the buttons to cancel or move it.")
        else:
            st.page_link("pages/train.py", label="Train more runs", icon=":material/model_training:")
