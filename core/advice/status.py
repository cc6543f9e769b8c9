"""Status of a race for pages and commands: every candidate with its state and its runs."""

import math
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from core.advice.candidate import Candidate
from core.advice.race import OPEN, Race, open_race
from core.advice.race_curves import list_race_runs, read_race_progress
from core.advice.race_time import RaceTimer
from core.errors import AdviceError
from core.home import Home
from core.jobs.queue import JobQueue, State
from core.store.run_store import RunStore

CandidateState = Literal["excluded", "dropped", "queued", "running", "ready", "finalist"]


def is_advising(home: Home, name: str) -> bool:
    """Return whether a race is running that a user started."""
    for path in home.advice.glob(f"*/{OPEN}"):
        with suppress(AdviceError):
            if open_race(home, path.parent.name).by == name:
                return True
    return False


@dataclass(frozen=True)
class CandidateStatus:
    """A candidate in a race.

    Attributes:
        seeds: number of seeds with which it has been trained to the end.
        runs: IDs of its finished runs in this race.
        reason: why a limit excludes it or when and why it was dropped; empty otherwise.
        validation_accuracy: mean of its seeds after its last epoch; None before the first, or if it
            diverged.
        test_accuracy: metric of a finalist on the test images; None for others.
    """

    candidate: Candidate
    state: CandidateState
    seeds: int
    runs: tuple[str, ...]
    reason: str = ""
    validation_accuracy: float | None = None
    test_accuracy: float | None = None


@dataclass(frozen=True)
class RaceStatus:
    """Status of a race.

    Attributes:
        members: one per candidate, in the order of the plan.
    """

    members: tuple[CandidateStatus, ...]


def read_race_status(home: Home, race: Race, store: RunStore | None = None) -> RaceStatus:
    """Return the status of a race from its runs, the job table and the progress of running jobs; writes nothing."""
    store = store or RunStore(home)
    planned = list_race_runs(race)
    progress, finished = read_race_progress(home, store, race, planned), {*store.list_ids()}
    jobs = {job.run_id: job for job in JobQueue(home).unfinished()}
    members = []
    for candidate in race.candidates:
        own = sorted((run for run in planned if run.key == candidate.key), key=lambda run: (run.seed, run.epochs))
        done = [run for run in own if run.run_id in finished]
        last = progress.find_last(candidate.key)
        state, reason = _find_state(race, candidate, {jobs[run.run_id].state for run in own if run.run_id in jobs})
        seeds = sum(run.epochs == race.rungs[-1] for run in done)
        runs = tuple(run.run_id for run in done)
        accuracy = last[1] if last and math.isfinite(last[1]) else None
        tested = race.answer.accuracy.get(candidate.key) if race.answer else None
        members.append(CandidateStatus(candidate, state, seeds, runs, reason, accuracy, tested))
    return RaceStatus(tuple(members))


def _find_state(race: Race, candidate: Candidate, jobs: Collection[State]) -> tuple[CandidateState, str]:
    """Return the state of a candidate with the reason.

    Args:
        jobs: states of its unfinished jobs.
    """
    if candidate.excluded_by:
        return "excluded", candidate.excluded_by
    if dropped := race.dropped.get(candidate.key):
        return "dropped", f"After {dropped.at}: {dropped.reason}"
    if race.state == "running" and jobs:
        return ("running" if "running" in jobs else "queued"), ""
    return ("finalist" if race.rung >= len(race.rungs) else "ready"), ""


def estimate_more_seeds(home: Home, race: Race) -> float | None:
    """Return the estimated seconds of the additional seeds of an undecided answer; None otherwise."""
    answer = race.answer
    if race.state != "answered" or answer is None or answer.state != "undecided" or not answer.more_seeds:
        return None
    found = RaceTimer(home, RunStore(home)).estimate_seeds(race, answer.seeds, answer.seeds + answer.more_seeds)
    return found.seconds if found else None
