"""Status of a race for pages and commands: every candidate with its learning curve."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.advice.candidate import Candidate
from core.advice.evidence import Evidence, read_curve
from core.advice.race import OPEN, Race, open_race
from core.advice.race_time import RaceTimer
from core.errors import AdviceError
from core.home import Home
from core.jobs.queue import Job, JobQueue
from core.spec import RunSpec
from core.store.history import read_history
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
        curve: validation accuracy after each epoch of its longest training with the first seed, of shape (epochs,).
        seeds: number of seeds with which it has been trained to the end.
        runs: IDs of its finished runs in this race.
        reason: why a limit excludes it or when and why it was dropped; empty otherwise.
        ends: validation accuracy of each of those seeds after the last epoch.
    """

    candidate: Candidate
    state: CandidateState
    curve: NDArray[np.float64]
    seeds: int
    runs: tuple[str, ...]
    reason: str = ""
    ends: tuple[float, ...] = ()

    @property
    def validation_accuracy(self) -> float | None:
        """Mean over the seeds that were trained to the end; before, the last value of the first seed."""
        ends = self.ends or tuple(self.curve[-1:])
        return float(np.mean(ends)) if ends else None


@dataclass(frozen=True)
class RaceStatus:
    """Status of a race.

    Attributes:
        members: one per candidate, in the order of the plan.
    """

    members: tuple[CandidateStatus, ...]


def read_race_status(home: Home, race: Race, store: RunStore | None = None) -> RaceStatus:
    """Return the status of a race from its runs, the job table and the progress of running jobs; writes nothing."""
    evidence = Evidence(store or RunStore(home))
    jobs = {job.run_id: job for job in JobQueue(home).unfinished()}
    members = tuple(_read_member(home, race, one, evidence, jobs) for one in race.candidates)
    return RaceStatus(members)


def _read_member(
    home: Home, race: Race, candidate: Candidate, evidence: Evidence, jobs: Mapping[str, Job]
) -> CandidateStatus:
    if candidate.excluded_by:
        return CandidateStatus(candidate, "excluded", np.empty(0), 0, (), candidate.excluded_by)
    specs = list_race_specs(race, candidate)
    runs = tuple(spec.run_id for spec in specs if evidence.find(spec))
    full = [candidate.spec_of(race.rungs[-1], seed) for seed in range(race.seeds)]
    complete = [run for spec in full if (run := evidence.find(spec))]
    ends = tuple(float(curve[-1]) for run in complete if len(curve := read_curve(run, race.request.metric)))
    curve = _read_live_curve(home, race, candidate, evidence, jobs)
    dropped = race.dropped.get(candidate.key)
    if dropped:
        reason = f"After {dropped.at}: {dropped.reason}"
        return CandidateStatus(candidate, "dropped", curve, len(complete), runs, reason, ends)
    states = {jobs[spec.run_id].state for spec in specs if spec.run_id in jobs}
    state: CandidateState = "finalist" if race.rung >= len(race.rungs) else "ready"
    if race.state == "running" and states:
        state = "running" if "running" in states else "queued"
    return CandidateStatus(candidate, state, curve, len(complete), runs, ends=ends)


def list_race_specs(race: Race, candidate: Candidate) -> list[RunSpec]:
    """Return the runs of a candidate that the race can have so far: every rung, then the complete runs per seed."""
    rungs = [candidate.spec_of(epochs, 0) for epochs in race.rungs]
    return [*rungs, *(candidate.spec_of(race.rungs[-1], seed) for seed in range(1, race.seeds))]


def _read_live_curve(
    home: Home, race: Race, candidate: Candidate, evidence: Evidence, jobs: Mapping[str, Job]
) -> NDArray[np.float64]:
    """Return the curve of the longest run with the first seed, or of the job that continues it."""
    run = evidence.find_longest(race, candidate, 0)
    curve = run.history["val_accuracy"].to_numpy(np.float64) if run else np.empty(0)
    for epochs in race.rungs:
        spec = candidate.spec_of(epochs, 0)
        if spec.run_id in jobs:
            live = read_history(home.jobs / spec.run_id / "history.jsonl")["val_accuracy"].to_numpy(np.float64)
            curve = live if len(live) > len(curve) else curve
    return curve


def estimate_more_seeds(home: Home, race: Race) -> float | None:
    """Return the estimated seconds of the additional seeds of an undecided answer; None otherwise."""
    answer = race.answer
    if race.state != "answered" or answer is None or answer.state != "undecided" or not answer.more_seeds:
        return None
    found = RaceTimer(home, RunStore(home)).estimate_seeds(race, answer.seeds, answer.seeds + answer.more_seeds)
    return found.seconds if found else None
