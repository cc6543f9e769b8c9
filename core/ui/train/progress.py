"""Trainings as they run: the same in every session, because all is read from the home."""

import time
from collections.abc import Collection

import streamlit as st

from core.actions.job import cancel_jobs, process_queue, resume_queue, train_runs
from core.displays.job_table import read_spec, write_name
from core.displays.live_curves import build_live_charts
from core.displays.markdown import escape_markdown
from core.displays.progress import describe_age, describe_progress, describe_settings
from core.jobs.progress import folder_of, read_progress
from core.jobs.queue import Job, JobQueue
from core.store.run import read_history
from core.ui import url
from core.ui.access import act, offer, problem
from core.ui.errors import handle_errors
from core.ui.session import compare_with_siblings, home, store

_ENDED_SHOWN = 6
_UNFINISHED_SHOWN = 4


def show_running(besides: Collection[str] = ()) -> None:
    """Running and queued trainings, live; nothing when there are none. Stands before what it would push away.

    Args:
        besides: runs that the page shows elsewhere.
    """
    unfinished = {job.run_id for job in _list_unfinished(besides)}
    st.fragment(_watch, run_every=1.0 if unfinished else 4.0)(unfinished, besides)


def show_latest() -> None:
    """The latest trainings that ended."""
    st.fragment(_show_latest, run_every=60.0)()


def _list_unfinished(besides: Collection[str]) -> list[Job]:
    return [job for job in JobQueue(home()).unfinished() if job.run_id not in besides]


def _watch(known: set[str], besides: Collection[str]) -> None:
    with handle_errors():
        unfinished = _list_unfinished(besides)
        if {job.run_id for job in unfinished} != known:
            st.rerun()  # the whole page: what is cached, and what ended last, has changed
        if unfinished:
            start_queued_jobs()
            _show_unfinished(unfinished)


def _show_latest() -> None:
    with handle_errors():
        ended = JobQueue(home()).ended(_ENDED_SHOWN)
        if ended:
            st.subheader("Latest", anchor=False)
        for job in ended:
            _show_ended(job)


def start_queued_jobs() -> None:
    """Sees to it that what waits is started, where the person of this session may have it started."""
    if not problem(process_queue):
        act(process_queue)


def show_pause() -> bool:
    """Whether the queue is paused: says so then, with the button that ends it."""
    pause = JobQueue(home()).paused()
    if pause is None:
        return False
    by = f" by {escape_markdown(pause.submitted_by)}" if pause.submitted_by else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        age = describe_age(time.time() - pause.since)
        st.warning(f"The queue was paused {age}{by}: nothing new is started.", icon=":material/pause_circle:")
        if offer(resume_queue, "Go on", type="primary", icon=":material/play_arrow:", key="go-on", width="content"):
            act(resume_queue)
            st.rerun()
    return True


def show_run(run_id: str) -> None:
    """A button to the comparison that a finished run belongs to; nothing when it was removed."""
    if store().path(run_id) and st.button("Show", key=f"show-{run_id}", width="content"):
        compare_with_siblings(run_id)
        url.go("pages/compare.py")


def _show_unfinished(jobs: list[Job]) -> None:
    running = [job for job in jobs if job.state == "running"]
    show_pause()
    st.subheader(f"{len(running)} running, {len(jobs) - len(running)} queued", anchor=False)
    jobs = sorted(jobs, key=lambda job: (job.state != "running", job.queued_at))
    shown = max(_UNFINISHED_SHOWN, len(running))
    for job in jobs[:shown]:
        _show_progress(job)
    if jobs[shown:]:
        with st.expander(f"{len(jobs) - shown} more queued", key="queue"):
            for job in jobs[shown:]:
                _show_progress(job)
    folders = [(read_spec(job), folder_of(home(), job.run_id)) for job in running]
    histories = [(spec, read_history(folder / "history.jsonl")) for spec, folder in folders if spec and folder]
    charts = build_live_charts(histories)
    if not charts:
        return
    for column, chart in zip(st.columns(2, gap="large"), charts, strict=False):
        column.altair_chart(chart, width="stretch", alt="Running trainings: validation score by epoch.")


def _show_progress(job: Job) -> None:
    progress = read_progress(home(), job.run_id) if job.state == "running" else None
    share, text = (0.0, "stopping") if job.cancel else describe_progress(job.state, progress)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, f"**{write_name(job)}** · {text}")
        if offer(cancel_jobs, "Stop", key=f"stop-{job.run_id}", width="content"):
            act(cancel_jobs, [job.run_id])
            st.rerun()


def _show_ended(job: Job) -> None:
    spec = read_spec(job)
    facts = [describe_settings(spec)] if spec else []
    if job.ended_at is not None:
        facts.append(describe_age(time.time() - job.ended_at))
    cached = job.state == "finished" and store().path(job.run_id) is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap=None):
            if cached:
                accuracy = store().open(job.run_id).record.metrics.test_accuracy
                st.markdown(f":green[:material/check_circle:] **{write_name(job)}** · test accuracy {accuracy:.1%}")
            else:
                icon = ":red[:material/error:]" if job.state == "failed" else ":material/cancel:"
                state = "finished, and removed since" if job.state == "finished" else job.state
                st.markdown(f"{icon} **{write_name(job)}** · {state}")
                if job.reason:
                    st.text(job.reason)
            st.caption(" · ".join(facts))
        if cached:
            show_run(job.run_id)
        elif spec and offer(train_runs, "Try again", key=f"again-{job.run_id}", width="content"):
            act(train_runs, [spec])
            st.rerun()
