"""Steps of a race, taken by the dispatcher and by waiting commands: submit runs, drop candidates, end with an answer.

A step depends only on the race file, the finished runs and the job table, and submitting a run twice has no effect.
So every process may be killed at any time, and the next call continues.
"""

import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

from core.advice.candidate import Candidate
from core.advice.candidates import cost_of, find_excess
from core.advice.conclude import LEAST_CHANCE, conclude, decide_on_validation
from core.advice.dropping import choose_dropped
from core.advice.evidence import Evidence, read_curve
from core.advice.finals import choose_surplus, keep_runner_up
from core.advice.race import OPEN, Dropped, Event, Race, folder_of_race, locked_race, open_race, save_race
from core.advice.race_jobs import cancel_race_jobs
from core.advice.race_time import RaceTimer
from core.errors import AdviceError, HeadroomError, HomeError
from core.home import Home
from core.jobs.notice import post_notice
from core.jobs.queue import Job, JobQueue
from core.jobs.submit import submit_all
from core.plural import format_plural
from core.spec import RunSpec
from core.store.run_store import RunStore
from core.store.withheld import release

_MAX_EVENTS = 1000


def advance_all(home: Home) -> None:
    """Advance every open race. An unexpected error ends its race with a message.

    Raises:
        HomeError: when the home is not writable.
    """
    for path in sorted(home.advice.glob(f"*/{OPEN}")):
        try:
            advance(home, path.parent.name)
        except AdviceError as error:  # damaged, or deleted in the meantime
            print(error, file=sys.stderr, flush=True)
            with suppress(OSError):
                path.unlink()


def advance(home: Home, race_id: str) -> Race:
    """Do what a race can do now and return it. If another process advances it, return it unchanged.

    Raises:
        AdviceError: when the race does not exist or is damaged.
        HomeError: when the home is not writable.
    """
    with locked_race(home, race_id, wait=False) as held:
        race = open_race(home, race_id)
        if not held:
            return race
        if race.state != "running":
            (folder_of_race(home, race_id) / OPEN).unlink(missing_ok=True)
            return race
        evidence = Evidence(RunStore(home))
        while race.state == "running":
            try:
                following = _Step(home, race, evidence).take()
            except HomeError:
                raise
            except HeadroomError as error:
                following = _fail(race, str(error))
            except Exception as error:  # the dispatcher must not end for one race
                following = _fail(race, f"Unexpected error: {type(error).__name__}: {error}"[:300])
            if following is race:
                break
            race = following
            if race.state == "answered" and race.answer:
                release(home, race.answer.runs)  # first: an answered race takes no more steps
            save_race(home, race)
        if race.state in ("answered", "failed"):
            _post_end(home, race)
    return race


def _post_end(home: Home, race: Race) -> None:
    """Add the notice that a race has ended."""
    failed = race.state == "failed"
    text = f"Advice on {race.recipe} failed: {race.problem}" if failed else f"Advice on {race.recipe} is complete."
    name, link = f"{race.race_id} {len(race.answers)} {race.state}", f"/advisor?advice={race.race_id}"
    post_notice(home, "advice", name, text, failed=failed, by=race.by, link=link)


def _fail(race: Race, problem: str) -> Race:
    return _log(race, problem).model_copy(update={"state": "failed", "problem": problem, "ended_at": time.time()})


def _log(race: Race, *texts: str) -> Race:
    events = (*race.events, *(Event(time=time.time(), text=text) for text in texts))
    return race.model_copy(update={"events": events[-_MAX_EVENTS:]})


@dataclass
class _Step:
    home: Home
    race: Race
    evidence: Evidence
    _jobs: dict[str, Job] = field(init=False)

    def __post_init__(self) -> None:
        self._jobs = {job.run_id: job for job in JobQueue(self.home).jobs()}

    def take(self) -> Race:
        """Return the race after one change; the same object if it has to wait."""
        race = self.race
        needed = self._list_needed()
        missing = [(candidate, spec) for candidate, spec in needed if self.evidence.find(spec) is None]
        counted = self._count_training()
        if counted is not race:
            return counted
        if lost := self._find_failed(missing) | self._find_too_costly():
            return self._drop(lost)
        if not race.survivors:
            reasons = "; ".join(f"{race.find(key).name}: {dropped.reason}" for key, dropped in race.dropped.items())
            return _fail(race, f"No candidate is left. {reasons}"[:2000])
        if race.stop or (race.deadline is not None and time.time() >= race.deadline):
            return (
                race
                if cancel_race_jobs(self.home, race)
                else conclude(race, self.evidence, "stopped" if race.stop else "budget")
            )
        if not missing:
            return self._proceed()
        waiting = tuple(spec.run_id for _, spec in missing)
        if not {*waiting} <= {*race.waiting_for}:
            return race.model_copy(update={"waiting_for": waiting, "waiting_since": time.time()})
        idle = [spec for _, spec in missing if not self._is_in_queue(spec)]
        if idle:
            submit_all(self.home, idle, submitted_by=race.submitted_by, withheld=True)
        return race

    def _list_needed(self) -> list[tuple[Candidate, RunSpec]]:
        """Return the runs of this stage; of a candidate that has a longer run, none."""
        race, last = self.race, self.race.rungs[-1]
        if race.rung >= len(race.rungs):
            return [(one, one.spec_of(last, seed)) for seed in range(race.seeds) for one in race.survivors]
        return [
            (one, one.spec_of(race.rungs[race.rung], 0))
            for one in race.survivors
            if self.evidence.find_longest(race, one, race.rung) is None
        ]

    def _is_in_queue(self, spec: RunSpec) -> bool:
        job = self._jobs.get(spec.run_id)
        return job is not None and job.state in ("queued", "running")

    def _count_training(self) -> Race:
        """Add the time of the runs that have finished: their own epochs, not those of the runs that they continue."""
        race, seconds, counted = self.race, self.race.train_seconds, [*self.race.counted]
        for run_id in race.waiting_for:
            run = None if run_id in counted else self.evidence.open(run_id)
            if run is None:
                continue
            before = run.record.resumed_at[-1] if run.record.resumed_at else 0
            spent = float(run.history["seconds"].iloc[before - 1]) if before else 0.0
            seconds += max((run.record.cost.train_seconds or 0.0) - spent, 0.0)
            counted.append(run_id)
        if len(counted) == len(race.counted):
            return race
        return race.model_copy(update={"train_seconds": seconds, "counted": tuple(counted)})

    def _find_failed(self, missing: list[tuple[Candidate, RunSpec]]) -> dict[str, str]:
        found = {}
        for candidate, spec in missing:
            job = self._jobs.get(spec.run_id)
            if job is None or spec.run_id not in self.race.waiting_for or job.queued_at < self.race.waiting_since:
                continue
            if job.state == "failed":
                found[candidate.key] = f"Its training failed: {job.reason}"
            elif job.state == "cancelled":
                found[candidate.key] = f"Its training was cancelled. {job.reason}".strip()
        return found

    def _find_too_costly(self) -> dict[str, str]:
        """Return the survivors whose measured size or latency exceeds a limit."""
        race, found = self.race, {}
        for one in race.survivors if race.request.limits else ():
            run = self.evidence.find_longest(race, one, 0)
            if run is None:
                continue
            costs = run.record.cost.model_dump()
            if race.request.limits.latency:
                costs["latency_seconds"] = self.evidence.read_latency(run)
            if excess := find_excess(costs, race.request.limits):
                found[one.key] = excess
        return found

    def _drop(self, reasons: dict[str, str]) -> Race:
        race = self.race
        complete = race.rung >= len(race.rungs)
        at = format_plural(race.seeds, "seed") if complete else format_plural(race.rungs[race.rung], "epoch")
        dropped = {key: Dropped(at=at, reason=reason, time=time.time()) for key, reason in reasons.items()}
        texts = [f"{race.find(key).name} is out after {at}. {reason}" for key, reason in reasons.items()]
        return _log(race, *texts).model_copy(update={"dropped": {**race.dropped, **dropped}})

    def _proceed(self) -> Race:
        """Return the race at its next stage: all runs of this one have finished."""
        race = self.race
        if race.rung < len(race.rungs) - 1:
            return self._climb(self._choose_dropped())
        if race.rung == len(race.rungs) - 1:
            return self._climb(choose_surplus(race, self.evidence))
        if len(race.survivors) == 1:
            return conclude(race, self.evidence)
        if race.seeds > 1:
            found = decide_on_validation(race, self.evidence)
            if found.surplus:
                return self._drop(found.surplus)
            if race.seeds >= race.least_seeds and found.settled:
                return conclude(race, self.evidence)
            if race.seeds >= race.least_seeds and found.chance < LEAST_CHANCE:
                return conclude(_log(race, "More seeds would probably not decide it."), self.evidence)
        if race.seeds >= max(race.request.seeds, race.least_seeds):
            return conclude(race, self.evidence)
        if not self._fits_budget(race.seeds):
            return conclude(race, self.evidence, "budget")
        return _log(race, self._describe_next_seed()).model_copy(update={"seeds": race.seeds + 1})

    def _describe_next_seed(self) -> str:
        """Return for which finalists the next seed is trained, and for which it is cached."""
        race = self.race
        found = {one.name: self.evidence.find(one.spec_of(race.rungs[-1], race.seeds)) for one in race.survivors}
        named = {
            "trained": [name for name, run in found.items() if run is None],
            "cached": [name for name, run in found.items() if run],
        }
        parts = [f"{state} for {', '.join(names)}" for state, names in named.items() if names]
        return f"Seed {race.seeds + 1} is {'; '.join(parts)}."

    def _choose_dropped(self) -> dict[str, str]:
        race = self.race
        curves = {}
        for one in race.survivors:
            run = self.evidence.find_longest(race, one, race.rung)
            assert run
            curves[one.key] = read_curve(run, race.request.metric)[: race.rungs[race.rung]]  # whatever is cached
        by_cost = race.request.goal == "smallest"
        costs = {one.key: cost_of(one, race.request.cost) if by_cost else 0.0 for one in race.survivors}
        usable = {key: curve for key, curve in curves.items() if len(curve)}
        diverged = dict.fromkeys(curves.keys() - usable.keys(), "Its training diverged.")
        found = choose_dropped(usable, race.rungs[-1], costs, race.request.margin / 100) if usable else {}
        names = {one.key: one.name for one in race.candidates}
        left = usable.keys() - found.keys()
        if len(left) == 1 and found:
            cheaper = {key for key in usable if costs[key] < min(costs[one] for one in left)}
            found = keep_runner_up(found, {key: curve[-1] for key, curve in usable.items()}, cheaper)
        return diverged | {key: _replace_keys(reason, names) for key, reason in found.items()}

    def _climb(self, reasons: dict[str, str]) -> Race:
        race = self._drop(reasons) if reasons else self.race
        rung = race.rung + 1
        count = len(race.survivors)
        goes = f"{format_plural(count, 'candidate')} {'goes' if count == 1 else 'go'} on"
        where = f"to {format_plural(race.rungs[rung], 'epoch')}" if rung < len(race.rungs) else "with more seeds"
        return _log(race, f"{goes} {where}.").model_copy(update={"rung": rung})

    def _fits_budget(self, seed: int) -> bool:
        """Return whether the next seed of all finalists will probably end before the deadline."""
        race = self.race
        if race.deadline is None:
            return True
        estimate = RaceTimer(self.home, self.evidence.store).estimate_seeds(race, seed, seed + 1)
        return estimate is None or time.time() + estimate.seconds <= race.deadline


def _replace_keys(text: str, names: dict[str, str]) -> str:
    for key, name in names.items():
        text = text.replace(key, name)
    return text
