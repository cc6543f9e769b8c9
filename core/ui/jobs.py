"""Trainings as they run: the same in every session, because all is read from the home."""

import time
from collections.abc import Collection

import streamlit as st

from core.displays.live import build_live_charts
from core.displays.progress import describe_age, describe_progress, describe_settings
from core.errors import HeadroomError
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.progress import folder_of, read_progress
from core.jobs.queue import Job, JobQueue
from core.jobs.submit import cancel, submit_all
from core.spec import DATASETS, HEADS, RunSpec
from core.store.run import read_history
from core.ui import link
from core.ui.frame import errors_as_sentences
from core.ui.state import choose_offer_of, home, store

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
    with errors_as_sentences():
        unfinished = _list_unfinished(besides)
        if {job.run_id for job in unfinished} != known:
            st.rerun()  # the whole page: what is cached, and what ended last, has changed
        if unfinished:
            ensure_dispatcher(home())
            _show_unfinished(unfinished)


def _show_latest() -> None:
    with errors_as_sentences():
        ended = [job for job in JobQueue(home()).jobs() if job.state not in ("queued", "running")][:_ENDED_SHOWN]
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
    jobs = sorted(jobs, key=lambda job: (job.state != "running", job.queued_at))
    shown = max(_UNFINISHED_SHOWN, len(running))
    for job in jobs[:shown]:
        _show_progress(job)
    if jobs[shown:]:
        with st.expander(f"{len(jobs) - shown} more queued", key="queue"):
            for job in jobs[shown:]:
                _show_progress(job)
    folders = [(_spec(job), folder_of(home(), job.run_id)) for job in running]
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
        st.progress(share, f"**{_name(job)}** · {text}")
        if st.button("Stop", key=f"stop-{job.run_id}", width="content"):
            cancel(home(), job.run_id)
            st.rerun()


def _show_ended(job: Job) -> None:
    spec = _spec(job)
    facts = [describe_settings(spec)] if spec else []
    if job.ended_at is not None:
        facts.append(describe_age(time.time() - job.ended_at))
    cached = job.state == "finished" and store().path(job.run_id) is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch", gap=None):
            if cached:
                accuracy = store().open(job.run_id).record.metrics.test_accuracy
                st.markdown(f":green[:material/check_circle:] **{_name(job)}** · test accuracy {accuracy:.1%}")
            else:
                icon = ":red[:material/error:]" if job.state == "failed" else ":material/cancel:"
                state = "finished, and removed since" if job.state == "finished" else job.state
                st.markdown(f"{icon} **{_name(job)}** · {state}")
                if job.reason:
                    st.text(job.reason)
            st.caption(" · ".join(facts))
        if cached:
            if st.button("Show", key=f"show-{job.run_id}", width="content"):
                choose_offer_of(job.run_id)
                link.go("pages/compare.py")
        elif spec and st.button("Try again", key=f"again-{job.run_id}", width="content"):
            submit_all(home(), [spec])
            st.rerun()
