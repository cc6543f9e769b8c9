"""Live progress of running and queued jobs, and recently completed jobs; read from the home, so shared by sessions."""

import time
from collections.abc import Collection

import streamlit as st

from core.actions.job import cancel_jobs, train_runs
from core.displays.job_table import read_spec, write_names
from core.displays.live_curves import build_live_charts
from core.displays.markdown import escape_markdown
from core.displays.progress import describe_age, describe_progress, describe_settings
from core.displays.test_accuracy import describe_test_accuracy
from core.home import hide_paths
from core.jobs.health import is_starting, read_live_progress
from core.jobs.progress import folder_of
from core.jobs.queue import Job, JobQueue
from core.store.history import read_history
from core.ui.access import act, action_button
from core.ui.display import draw_chart
from core.ui.errors import handle_errors
from core.ui.job_queue import (
    show_comparison_button,
    show_dispatcher_health,
    show_pause,
    show_revive_button,
    start_queued_jobs,
)
from core.ui.session import home, store
from core.ui.submission import submit_from_page

_MAX_COMPLETED = 6
_MAX_UNFINISHED = 4


def show_running(excluded: Collection[str] = ()) -> None:
    """Show running and queued jobs at the top of the page, if any.

    Args:
        excluded: IDs of runs that another part of the page shows.
    """
    unfinished = {job.run_id for job in _list_unfinished(excluded)}
    st.fragment(_watch, run_every=1.0 if unfinished else 4.0)(unfinished, excluded)


def show_completed() -> None:
    """Show the recently completed jobs."""
    st.fragment(_show_completed, run_every=60.0)()


def _list_unfinished(excluded: Collection[str]) -> list[Job]:
    return [job for job in JobQueue(home()).unfinished() if job.run_id not in excluded]


def _watch(known: set[str], excluded: Collection[str]) -> None:
    with handle_errors():
        unfinished = _list_unfinished(excluded)
        if {job.run_id for job in unfinished} != known:
            st.rerun()  # the whole page, which shows cached runs and completed jobs
        if unfinished:
            start_queued_jobs()
            _show_unfinished(unfinished)


def _show_completed() -> None:
    with handle_errors():
        ended = JobQueue(home()).ended(_MAX_COMPLETED)
        if ended:
            st.header("Completed jobs", anchor=False)
        names = write_names(ended)
        for job in ended:
            _show_completed_job(job, names[job.run_id])


def _show_unfinished(jobs: list[Job]) -> None:
    running = [job for job in jobs if job.state == "running"]
    show_pause()
    show_dispatcher_health()
    st.header(f"{len(running)} running, {len(jobs) - len(running)} queued", anchor=False)
    jobs = sorted(jobs, key=lambda job: (job.state != "running", job.queued_at))
    starting = not running and is_starting(home())
    shown, names = max(_MAX_UNFINISHED, len(running)), write_names(jobs)
    for job in jobs[:shown]:
        _show_progress(job, names[job.run_id], starting)
    if jobs[shown:]:
        with st.expander(f"{len(jobs) - shown} more queued", key="queue"):
            for job in jobs[shown:]:
                _show_progress(job, names[job.run_id], starting)
    folders = [(read_spec(job), folder_of(home(), job.run_id)) for job in running]
    histories = [(spec, read_history(folder / "history.jsonl")) for spec, folder in folders if spec and folder]
    charts = build_live_charts(histories)
    if not charts:
        return
    for column, chart in zip(st.columns(2, gap="large"), charts, strict=False):
        with column:
            draw_chart(chart, "Validation metrics of the running jobs by epoch.")


def _show_progress(job: Job, name: str, starting: bool) -> None:
    progress = read_live_progress(home(), job, starting)
    share, text = (0.0, "stopping") if job.cancel else describe_progress(job.state, progress)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, f"**{escape_markdown(name)}** · {escape_markdown(text)}")
        if progress and progress.silent_seconds:
            show_revive_button("Restart", key=f"restart-{job.run_id}")
        if action_button(cancel_jobs, "Cancel", key=f"cancel-{job.run_id}", width="content"):
            act(cancel_jobs, [job.run_id])
            st.rerun()


def _show_completed_job(job: Job, name: str) -> None:
    spec = read_spec(job)
    facts = [escape_markdown(describe_settings(spec))] if spec else []
    if job.ended_at is not None:
        facts.append(describe_age(time.time() - job.ended_at))
    cached = job.state == "finished" and store().path(job.run_id) is not None
    name = escape_markdown(name)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap=None):
            if cached:
                accuracy = escape_markdown(describe_test_accuracy(store().open(job.run_id).record))
                st.markdown(f":green[:material/check_circle:] **{name}** · {accuracy}")
            else:
                icon = ":red[:material/error:]" if job.state == "failed" else ":material/cancel:"
                state = "finished, then deleted" if job.state == "finished" else job.state
                st.markdown(f"{icon} **{name}** · {escape_markdown(state)}")
                if job.reason:
                    st.text(hide_paths(job.reason))
            st.caption(" · ".join(facts))
        if cached:
            show_comparison_button(job.run_id)
        elif spec and action_button(train_runs, "Retry", key=f"retry-{job.run_id}", width="content"):
            submit_from_page(train_runs, [spec])
            st.rerun()
