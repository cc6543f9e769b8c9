"""Estimated time of a race: the runs that it probably still trains, at the speed of this machine.

Before the race, the speed is that of finished runs (`core.jobs.estimate`). While it works, its own finished runs are
among them, and the epochs that running jobs have trained correct the estimate at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil
from typing import NamedTuple

from core.advice.candidate import Candidate
from core.advice.race import Race
from core.home import Home
from core.jobs.estimate import TimeEstimate, TimeEstimator, Work
from core.jobs.local_executor import read_slots
from core.jobs.queue import JobQueue
from core.jobs.submit import Checker
from core.jobs.sweep_plan import make_estimator
from core.store.history import read_history
from core.store.run_store import RunStore

USUAL_SEEDS = 3
_SHARES = (1.0, 0.8, 0.5, 0.4)  # of the candidates at each rung, measured with eight candidates on KMNIST
_FINALISTS = 3
_LEAST_EPOCHS = 2  # the first one includes tracing


def expect_survivors(count: int, rungs: int, rung: int = 0) -> list[int]:
    """Return how many of `count` candidates at a rung are probably left at it, at each later one, and at the end.

    >>> expect_survivors(8, 4), expect_survivors(4, 4, 2), expect_survivors(2, 1)
    ([8, 7, 4, 4, 3], [4, 4, 3], [2, 2])
    """
    shares = [_SHARES[min(index, len(_SHARES) - 1)] for index in range(rung, rungs)]
    left = [max(ceil(round(count * share / shares[0], 6)), min(count, 2)) for share in shares]
    return [*left, min(left[-1] if left else count, _FINALISTS)]


@dataclass
class RaceTimer:
    """Estimates the time that races still need. Which runs are finished, it reads once.

    Args:
        estimator: fitted to the runs of `store`; by default a new one.
    """

    home: Home
    store: RunStore
    estimator: TimeEstimator | None = None
    _cached: dict[tuple[str, int, int], bool] = field(default_factory=dict)
    _works: dict[str, Work] = field(default_factory=dict)

    @cached_property
    def _checker(self) -> Checker:
        return Checker(self.home)

    @cached_property
    def _fitted(self) -> TimeEstimator:
        return self.estimator or make_estimator(self.home, self.store)

    def estimate(self, race: Race, *, dropping: bool = True) -> TimeEstimate | None:
        """Return the time until the answer, without its budget; None without finished runs.

        Args:
            dropping: assume that candidates are dropped as usual, the cheapest first; otherwise that none is, and that
                all survivors get all seeds.
        """
        parts = [part for part in _list_parts(race, dropping) if not self._is_cached(*part[:2], part.seed)]
        if not parts:
            return TimeEstimate(0.0, 0.0, 0.0, 0, False)
        running = {job.run_id for job in JobQueue(self.home).unfinished() if job.state == "running"}
        ends = [self._read_ends(part) if running and part.run_id in running else [] for part in parts]
        works = [
            self._weigh(part.candidate, part.epochs - max(part.before, len(seconds)))
            for part, seconds in zip(parts, ends, strict=True)
        ]
        found, factor = self._fitted.estimate_queue(works, read_slots()), self._measure(parts, ends)
        if found is None or factor is None:
            return found
        seconds, low, high = (factor * value for value in (found.seconds, found.low, found.high))
        return replace(found, seconds=seconds, low=low, high=high, elsewhere=False)

    def estimate_seeds(self, race: Race, first: int, last: int) -> TimeEstimate | None:
        """Return the time of the complete runs of all survivors with the seeds from `first` to `last` − 1."""
        works = [
            self._weigh(one, race.rungs[-1])
            for one in race.survivors
            for seed in range(first, last)
            if not self._is_cached(one, race.rungs[-1:], seed)
        ]
        return self._fitted.estimate_queue(works, read_slots())

    def count_cached(self, race: Race) -> int:
        """Return how many of the runs that the race can train are finished."""
        found = [self._is_cached(one, (rung,), 0) for one in race.survivors for rung in race.rungs]
        found += [
            self._is_cached(one, race.rungs[-1:], seed)
            for one in race.survivors
            for seed in range(1, race.request.seeds)
        ]
        return sum(found)

    def _is_cached(self, one: Candidate, epochs: Sequence[int], seed: int) -> bool:
        for count in epochs:
            part = one.key, count, seed
            if part not in self._cached:
                self._cached[part] = self.store.path(one.spec_of(count, seed).run_id) is not None
            if self._cached[part]:
                return True
        return False

    def _weigh(self, one: Candidate, epochs: int) -> Work:
        if one.key not in self._works:
            checked = self._checker.check(one.parsed_spec)
            self._works[one.key] = Work.of(checked.model, checked.images)
        return replace(self._works[one.key], epochs=max(epochs, 1))

    def _read_ends(self, part: "_Part") -> list[float]:
        """Return the seconds at the end of each epoch of a running job."""
        return read_history(self.home.jobs / part.run_id / "history.jsonl")["seconds"].tolist()

    def _measure(self, parts: Sequence["_Part"], ends: Sequence[list[float]]) -> float | None:
        """Return the measured time per epoch of running jobs, divided by the estimated one; None if it is unknown."""
        measured = expected = 0.0
        for part, seconds in zip(parts, ends, strict=True):
            count = len(seconds) - part.before
            found = self._fitted.estimate(self._weigh(part.candidate, count)) if count >= _LEAST_EPOCHS else None
            if found:
                measured += seconds[-1] - (seconds[part.before - 1] if part.before else 0.0)
                expected += found.seconds
        return measured / expected if measured > 0 else None


class _Part(NamedTuple):
    """A run that a race trains up to `epochs`, from `before`. A longer one of `longer` epochs replaces it."""

    candidate: Candidate
    longer: tuple[int, ...]
    seed: int
    before: int

    @property
    def epochs(self) -> int:
        return self.longer[0]

    @property
    def run_id(self) -> str:
        return self.candidate.spec_of(self.epochs, self.seed).run_id


def _list_parts(race: Race, dropping: bool) -> list[_Part]:
    left = sorted(race.survivors, key=lambda one: one.params)
    expected = expect_survivors(len(left), len(race.rungs), race.rung)
    parts: list[_Part] = []
    for rung, number in zip(range(race.rung, len(race.rungs)), expected[1:], strict=True):
        before = race.rungs[rung - 1] if rung else 0
        parts += [_Part(one, race.rungs[rung:], 0, before) for one in left]
        left = left[-number:] if dropping else left  # the expensive ones: an upper bound
    most = max(race.request.seeds, race.least_seeds)
    seeds = max(race.seeds, min(USUAL_SEEDS, most)) if dropping else most
    if len(left) > 1:
        parts += [_Part(one, race.rungs[-1:], seed, 0) for seed in range(1, seeds) for one in left]
    return parts
