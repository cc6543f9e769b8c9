"""Race on the Advisor page while it works: what is known, the learning curves, and the buttons to pause and stop."""

import time
from pathlib import Path

import pandas as pd
import streamlit as st

from core.actions.advice import continue_advice, pause_advice, stop_advice
from core.advice.race import Race, open_race
from core.advice.race_curves import RaceProgress, RaceRun, list_race_runs, read_race_progress
from core.advice.race_time import RaceTimer
from core.displays.advice.candidates import Candidates
from core.displays.advice.race import RaceCurves
from core.displays.advice_progress import (
    describe_budget_left,
    describe_race_time,
    describe_request,
    describe_stage,
    write_known,
)
from core.displays.markdown import escape_markdown
from core.displays.number import format_seconds
from core.jobs.queue import JobQueue
from core.store.history import read_history
from core.ui.access import act, action_button, check_permission
from core.ui.advisor.display import show_advice_display
from core.ui.errors import handle_errors
from core.ui.heading import show_summary
from core.ui.job_queue import show_dispatcher_health, show_pause, start_queued_jobs
from core.ui.jobs.sweep import open_estimator
from core.ui.session import home, store

_REFRESH_SECONDS = 2.0


def read_progress_of(race: Race) -> RaceProgress:
    """Return the learning curves of a race; those of finished runs are cached."""
    runs = _list_runs(race.race_id, race.seeds, tuple(race.dropped), race)
    return read_race_progress(home(), store(), race, runs, _read_finished)


@st.cache_resource(show_spinner=False, max_entries=64)
def _list_runs(race_id: str, seeds: int, dropped: tuple[str, ...], _race: Race) -> tuple[RaceRun, ...]:
    return list_race_runs(_race)


def _read_finished(path: Path) -> pd.DataFrame:
    return _read_cached(str(path), path.stat().st_mtime_ns)


@st.cache_resource(show_spinner=False, max_entries=1024)
def _read_cached(path: str, written: int) -> pd.DataFrame:
    return read_history(Path(path))


def show_race(race: Race) -> None:
    """Show a race that has no answer: running, paused or failed."""
    running = race.state == "running"
    st.fragment(_watch, run_every=_REFRESH_SECONDS if running else None)(race.race_id, race.state)


def _watch(race_id: str, state: str) -> None:
    with handle_errors():
        race = open_race(home(), race_id)
        if race.state != state:
            st.rerun()  # the answer is another page
        if state == "running":
            start_queued_jobs()
        progress = read_progress_of(race)
        show_summary(escape_markdown(write_known(progress)))
        st.caption(escape_markdown(describe_request(race)))
        if state == "failed":
            st.error(escape_markdown(race.problem), icon=":material/error:")
        elif state == "running":
            show_pause()
            show_dispatcher_health()
        _show_time(race)
        _show_buttons(race)
        if progress.curves.empty:
            _show_waiting(progress)
        else:
            show_advice_display(RaceCurves(progress), words=("Status", "Reason"))
        show_race_log(race)


def _show_time(race: Race) -> None:
    """Show what is being trained, and how much of the budget is left."""
    budget, left = race.request.budget_seconds, race.left_seconds
    if race.deadline is not None:
        left = max(race.deadline - time.time(), 0.0)
    stage, expected = f"Training {describe_stage(race)}", ""
    if race.state != "running":
        stage = "Paused" if race.state == "paused" else "Failed"
    elif race.stop:
        stage = "Stopping"
    else:
        jobs = _count_jobs(race)
        stage += f" ({jobs})" if jobs else ""
        expected = describe_race_time(RaceTimer(home(), store(), open_estimator()).estimate(race))
    rest = " · ".join(filter(None, (expected, describe_budget_left(left))))
    if budget and left is not None:
        share = min(max(1 - left / budget, 0.0), 1.0)
        st.progress(share, f"**{escape_markdown(stage)}** · {escape_markdown(rest)}")
    else:
        st.markdown(f"**{escape_markdown(stage)}** · {escape_markdown(rest)}")


def _count_jobs(race: Race) -> str:
    own = [job for job in JobQueue(home()).unfinished() if job.run_id in race.waiting_for]
    running = sum(job.state == "running" for job in own)
    return f"{running} running, {len(own) - running} queued" if own else ""


def _show_buttons(race: Race) -> None:
    with st.container(horizontal=True):
        if race.state == "running":
            stopped = action_button(
                stop_advice, "Stop now with what is known", icon=":material/stop:", disabled=race.stop,
                help="Jobs are cancelled. If the finalists have two seeds, they are compared on the test images.",
            )  # fmt: skip
            paused = action_button(
                pause_advice, "Pause", icon=":material/pause:", disabled=race.stop,
                help="Jobs stop at the end of an epoch. The time budget does not run.",
            )  # fmt: skip
            continued = False
        else:
            continued = action_button(continue_advice, "Continue", type="primary", icon=":material/play_arrow:")
            stopped = race.state == "paused" and action_button(
                stop_advice, "Stop now with what is known", icon=":material/stop:"
            )
            paused = False
    check_permission(stop_advice)
    if stopped:
        act(stop_advice, race.race_id)
    if paused:
        act(pause_advice, race.race_id)
    if continued:
        act(continue_advice, race.race_id)
    if stopped or paused or continued:
        st.rerun()


def _show_waiting(progress: RaceProgress) -> None:
    """Show the candidates before the first epoch has finished."""
    if progress.race.state == "running":
        st.info("The learning curves appear after the first epoch.", icon=":material/hourglass_top:")
    show_advice_display(Candidates(progress), words=("Status",))


def show_race_log(race: Race) -> None:
    """Show an expander with what has happened in a race, newest first."""
    if not race.events:
        return
    with st.expander("Log", icon=":material/history:", on_change="rerun", key="advice-log") as expander:
        if expander.open:
            for event in reversed(race.events):
                after = format_seconds(max(round(event.time - race.started_at), 0))
                st.markdown(f"**After {after}:** {escape_markdown(event.text)}")
