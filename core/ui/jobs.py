"""Trainings as they run: the same in every session, because all is read from the home."""

import streamlit as st

from core.displays.live import build_live_charts
from core.displays.progress import describe_progress
from core.errors import HeadroomError
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.progress import folder_of, read_progress
from core.jobs.queue import Job, JobQueue
from core.jobs.submit import cancel
from core.spec import DATASETS, HEADS, RunSpec
from core.store.run import read_history
from core.ui.state import choose_offer_of, home, store

_ENDED_SHOWN = 6


def show_jobs() -> None:
    """Running and queued trainings, live, and the latest that ended."""
    busy = bool(JobQueue(home()).unfinished())
    st.fragment(_watch, run_every=1.0 if busy else 4.0)(busy)


def _watch(was_busy: bool) -> None:
    jobs = JobQueue(home()).jobs()
    unfinished = [job for job in jobs if job.state in ("queued", "running")]
    if bool(unfinished) != was_busy:
        st.rerun()  # the whole page: what is cached has changed
    if unfinished:
        ensure_dispatcher(home())
        _show_unfinished(unfinished)
    ended = [job for job in jobs if job.state not in ("queued", "running")][:_ENDED_SHOWN]
    if ended:
        st.subheader("Latest", anchor=False)
        for job in ended:
            _show_ended(job)


def _spec(job: Job) -> RunSpec | None:
    """None for a job that this dashboard cannot read: of a newer version, or with a head whose file is gone."""
    try:
        return job.spec
    except HeadroomError:
        return None


def _name(job: Job) -> str:
    spec = _spec(job)
    if spec is None:
        return f"Job {job.run_id}"
    return f"{HEADS[spec.head].label} · {DATASETS[spec.dataset].label} · seed {spec.seed}"


def _show_unfinished(jobs: list[Job]) -> None:
    running = [job for job in jobs if job.state == "running"]
    st.subheader(f"{len(running)} running, {len(jobs) - len(running)} queued", anchor=False)
    for job in sorted(jobs, key=lambda job: (job.state != "running", job.queued_at)):
        progress = read_progress(home(), job.run_id) if job.state == "running" else None
        with st.container(horizontal=True, vertical_alignment="center"):
            share, text = (0.0, "stopping") if job.cancel else describe_progress(job.state, progress)
            st.progress(share, f"**{_name(job)}** · {text}")
            st.button("Stop", key=f"stop-{job.run_id}", on_click=cancel, args=(home(), job.run_id), width="content")
    folders = [(_spec(job), folder_of(home(), job.run_id)) for job in running]
    histories = [(spec, read_history(folder / "history.jsonl")) for spec, folder in folders if spec and folder]
    charts = build_live_charts(histories)
    for column, chart in zip(st.columns(2, gap="large"), charts, strict=False):
        column.altair_chart(chart, width="stretch", alt="Running trainings: validation score by epoch.")


def _show_ended(job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if job.state == "finished" and store().path(job.run_id):
            accuracy = store().open(job.run_id).record.metrics.test_accuracy
            st.markdown(f":green[:material/check_circle:] **{_name(job)}** · test accuracy {accuracy:.1%}")
            if st.button("Show", key=f"show-{job.run_id}", width="content"):
                choose_offer_of(job.run_id)
                st.switch_page("pages/compare.py")
        else:
            icon = ":red[:material/error:]" if job.state == "failed" else ":material/cancel:"
            st.markdown(f"{icon} **{_name(job)}** · {job.state}")
            if job.reason:
                st.text(job.reason)
