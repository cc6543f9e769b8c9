"""The Jobs page: the queue live, one job in full with its log and buttons, and what has ended."""

import time

import streamlit as st

from core.actions.job import cancel_jobs, move_job, pause_queue, retry_job
from core.displays.job_table import list_active_jobs, list_completed_jobs, read_spec, write_name
from core.displays.markdown import escape_markdown
from core.displays.progress import describe_settings
from core.jobs.progress import read_log, read_progress
from core.jobs.queue import Job, JobQueue
from core.ui import url, widget
from core.ui.access import act, offer, show_denial
from core.ui.display import show_frame
from core.ui.errors import handle_errors
from core.ui.session import home
from core.ui.train.progress import show_pause, show_run, start_queued_jobs

url.register("job")

_LIVE_SECONDS, _IDLE_SECONDS = 2.0, 6.0
_ENDED_SHOWN = 200
_CHOICES = 50
_LOG_LINES = 30
_LOG_PIXELS = 320


def show_queue() -> bool:
    """What waits and runs, live, then one job of choice; False, with the way to Train, when there never was a job."""
    queue = JobQueue(home())
    under_way = {job.run_id for job in queue.unfinished()}
    if not under_way and not queue.ended(1):
        st.markdown("#### No trainings yet.")
        st.write("What you train stands here while it waits and runs, and with its reason if it fails.")
        show_pause()
        st.page_link("pages/train.py", label="Train a first comparison", icon=":material/model_training:")
        return False
    st.fragment(_watch, run_every=_LIVE_SECONDS if under_way else _IDLE_SECONDS)(under_way)
    return True


def show_history() -> None:
    """All that ended, with the reason of what failed."""
    ended = JobQueue(home()).ended(_ENDED_SHOWN + 1)
    if not ended:
        return
    st.subheader("Ended", anchor=False)
    left = {name: st.column_config.TextColumn(name) for name in ("State", "Dataset", "Asked by", "Run")}
    frame = list_completed_jobs(ended[:_ENDED_SHOWN], time.time())
    if (frame["Reason"] == "–").all():
        frame = frame.drop(columns="Reason")
    else:
        left |= {"Reason": st.column_config.TextColumn("Reason", width="large")}
    show_frame(frame, left)
    if ended[_ENDED_SHOWN:]:
        st.caption(f"The latest {_ENDED_SHOWN}; `python -m core jobs` lists all.")


def _watch(known: set[str]) -> None:
    """Draws the queue and the chosen job anew; the whole page, when a job has come or ended."""
    with handle_errors():
        queue = JobQueue(home())
        unfinished = queue.unfinished()
        if {job.run_id for job in unfinished} != known:
            st.rerun()
        start_queued_jobs()
        running = [job for job in unfinished if job.state == "running"]
        waiting = len(unfinished) - len(running)
        st.markdown(
            f"#### {len(running)} running, {waiting} queued." if unfinished else "#### Nothing trains or waits."
        )
        show_denial(pause_queue)
        if show_pause():
            pass
        elif unfinished and offer(
            pause_queue, "Pause the queue", icon=":material/pause:", help="What runs goes on to its end."
        ):
            act(pause_queue)
            st.rerun()
        if unfinished:
            said = {job.run_id: read_progress(home(), job.run_id) for job in running}
            bar = st.column_config.ProgressColumn("Progress", format="%.0f %%", min_value=0, max_value=100, width=120)
            left = {name: st.column_config.TextColumn(name) for name in ("State", "Dataset", "Asked by", "Run")}
            show_frame(list_active_jobs(unfinished, said), {"Progress": bar} | left)
        else:
            st.page_link("pages/train.py", label="Train more", icon=":material/model_training:")
        _show_chosen(queue, unfinished)


def _show_chosen(queue: JobQueue, unfinished: list[Job]) -> None:
    choices = [*sorted(unfinished, key=lambda job: job.state != "running"), *queue.ended(_CHOICES)]
    jobs = {job.run_id: job for job in choices}
    names = {run_id: f"{write_name(job)} · {run_id}" for run_id, job in jobs.items()}
    job = jobs[widget.selectbox("A job in full", list(jobs), key="job", write=names.__getitem__)]
    spec = read_spec(job)
    facts = [job.state if not job.cancel else "stopping", *([describe_settings(spec)] if spec else [])]
    facts += [f"attempt {job.attempt}"] if job.attempt else []
    st.caption(" · ".join([*facts, *([f"asked by {escape_markdown(job.submitted_by)}"] if job.submitted_by else [])]))
    if job.reason:
        st.error(job.reason, icon=":material/error:")
    with st.container(horizontal=True):
        _show_buttons(job, len(unfinished))
    log = read_log(home(), job.run_id, _LOG_LINES)
    if log:
        st.code(log, language=None, wrap_lines=True, height=_LOG_PIXELS)
    else:
        st.caption("It has printed nothing yet." if job.state in ("queued", "running") else "Its log is gone.")


def _show_buttons(job: Job, unfinished: int) -> None:
    """What can be done with a job in its state."""
    if job.state == "queued":
        for label, icon, places in (
            ("First", "vertical_align_top", -unfinished),
            ("Up", "arrow_upward", -1),
            ("Down", "arrow_downward", 1),
        ):
            if offer(move_job, label, icon=f":material/{icon}:", key=f"{label}-{job.run_id}"):
                act(move_job, job.run_id, places)
                st.rerun()
    if job.state in ("queued", "running") and offer(
        cancel_jobs,
        "Cancel",
        icon=":material/stop:",
        key=f"cancel-{job.run_id}",
        disabled=job.cancel,
        help="What it has learned is kept: Resume goes on from there.",
    ):
        act(cancel_jobs, [job.run_id])
        st.rerun()
    for state, label in (("cancelled", "Resume"), ("failed", "Retry")):
        if job.state == state and offer(
            retry_job,
            label,
            icon=":material/replay:",
            key=f"{label}-{job.run_id}",
            help="Goes on from its last checkpoint.",
        ):
            act(retry_job, job.run_id, job.state)
            st.rerun()
    if job.state == "finished":
        show_run(job.run_id)
