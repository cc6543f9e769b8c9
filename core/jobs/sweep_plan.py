"""Planning a sweep: its members, and of each what it costs and whether it is trained already."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

from core.architecture.model import Model
from core.errors import HeadroomError, SpecError
from core.home import Home
from core.jobs.estimate import TimeEstimate, TimeEstimator, Work, read_rest
from core.jobs.local_executor import read_slots
from core.jobs.progress import read_progress
from core.jobs.queue import Job, JobQueue
from core.jobs.submit import Checker
from core.jobs.sweep_store import MAX_MEMBERS
from core.recipes import Recipe
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.run_store import RunStore

_FIXED = ("data", "head", "seed")  # the data is what is here; heads and seeds have a choice of their own
SWEPT = tuple(name for name in SETTINGS if name not in _FIXED)


def read_values(words: Iterable[str]) -> dict[str, list[Any]]:
    """«blocks=1,2,3» to {"blocks": [1, 2, 3]}; pipelines of augmentation hold commas, so semicolons stand between them.

    Raises:
        SpecError: when a word is no list of values of a knob, or a knob is named twice.
    """
    values: dict[str, list[Any]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in SWEPT:
            raise SpecError(f"Expected knob=value,value with one of {', '.join(SWEPT)}; got {word!r:.80}.")
        if name in values:
            raise SpecError(f"Expected the values of {name} in one list; got it twice.")
        separator = ";" if name == "augmentation" else ","
        values[name] = list(dict.fromkeys(SETTINGS[name].read(part) for part in text.split(separator)))
    return values


def list_members(
    recipe: Recipe,
    heads: Iterable[str],
    seeds: Sequence[int],
    values: Mapping[str, Sequence[Any]],
    changes: Mapping[str, Any] | None = None,
) -> list[RunSpec]:
    """Every head with every seed and every combination of values, each run once, seed by seed: who stops half-way has
    the whole grid with fewer seeds. Values of a knob that a model does not use make one run of it.

    Args:
        changes: knobs that are the same for all and not the recipe's.

    Raises:
        SpecError, UnknownNameError: when a value is off, or there are more than MAX_MEMBERS.
    """
    heads = list(dict.fromkeys(heads))
    count = len(heads) * len(seeds) * math.prod(len(some) for some in values.values())
    if not 1 <= count <= MAX_MEMBERS:
        parts = [f"{len(heads)} heads", f"{len(seeds)} seeds", *(f"{len(values[name])} of {name}" for name in values)]
        raise SpecError(f"Expected a sweep of 1 to {MAX_MEMBERS} runs; got {count:,}: {' × '.join(parts)}.")
    members: dict[str, RunSpec] = {}
    for seed, point in product(seeds, product(*values.values())):
        for head in heads:
            chosen = {**(changes or {}), **dict(zip(values, point, strict=True)), "seed": seed}
            spec = recipe.spec_of(head, chosen)
            members[spec.run_id] = spec
    return list(members.values())


def list_idle(specs: Iterable[RunSpec], values: Mapping[str, Sequence[Any]]) -> list[str]:
    """A sentence for each swept knob that makes no difference to some head."""
    sentences = []
    groups: dict[str, list[RunSpec]] = {}
    for spec in specs:
        groups.setdefault(spec.head, []).append(spec)
    for name, wanted in values.items():
        idle = [head for head, group in groups.items() if not any(spec.uses(name) for spec in group)]
        if len(wanted) > 1 and idle:
            heads = ", ".join(HEADS[head].label for head in idle)
            sentences.append(f"{SETTINGS[name].label} makes no difference to {heads}: trained once for all its values.")
    return sentences


@dataclass(frozen=True)
class SweepRun:
    """One run of a plan. `problem` says why an unfit one cannot be trained; then there is no model. `starts_in` are the
    seconds till its turn in the queue. What cannot be estimated, or need not be, is None."""

    spec: RunSpec
    state: Literal["cached", "in progress", "to train", "invalid"]
    model: Model | None = None
    images: int = 0
    problem: str = ""
    estimate: TimeEstimate | None = None
    starts_in: float | None = None


@dataclass(frozen=True)
class SweepPlan:
    """`estimate` is for all that is to be trained, and for the `ahead` trainings that come before it."""

    members: tuple[SweepRun, ...]
    estimate: TimeEstimate | None
    ahead: int

    def of(self, *states: str) -> list[SweepRun]:
        return [member for member in self.members if member.state in states]

    def count_late(self, budget_minutes: int) -> int:
        """Members that the estimate does not see begin within the budget."""
        return sum((member.starts_in or 0.0) > 60 * budget_minutes for member in self.of("to train"))


def make_estimator(home: Home, store: RunStore) -> TimeEstimator:
    frame = store.frame()
    return TimeEstimator(frame, read_rest(JobQueue(home).jobs(), frame))


def plan_sweep(
    home: Home, specs: Iterable[RunSpec], store: RunStore, estimator: TimeEstimator | None = None
) -> SweepPlan:
    """What asking for these runs would mean; starts nothing.

    Args:
        estimator: one that has learned already.

    Raises:
        DatasetError: when the dataset is not here.
        SpecError: when none of them can be trained; says why not.
        JobError: when HEADROOM_SLOTS is no number of slots.
    """
    under_way = {job.run_id: job for job in JobQueue(home).unfinished()}
    checker = Checker(home)
    members = [_look_at(checker, spec, store, under_way) for spec in specs]
    if all(member.state == "invalid" for member in members):
        raise SpecError(members[0].problem)
    estimator, slots = estimator or make_estimator(home, store), read_slots()
    ahead = [work for job in under_way.values() if (work := _rest_of(home, checker, job))]
    todo = [Work.of(member.model, member.images) for member in members if member.state == "to train" and member.model]
    begins = iter(estimator.list_starts([*ahead, *todo], slots)[len(ahead) :])
    times = iter(estimator.trainings(todo))
    timed = [
        replace(member, estimate=next(times), starts_in=next(begins, None)) if member.state == "to train" else member
        for member in members
    ]
    return SweepPlan(tuple(timed), estimator.queue([*ahead, *todo], slots) if todo else None, len(ahead))


def _look_at(checker: Checker, spec: RunSpec, store: RunStore, under_way: Mapping[str, Job]) -> SweepRun:
    try:
        found = checker.check(spec)
    except SpecError as error:
        return SweepRun(spec, "invalid", problem=str(error))
    run_id = found.spec.run_id
    state: Any = "in progress" if run_id in under_way else "to train" if store.path(run_id) is None else "cached"
    return SweepRun(found.spec, state, found.model, found.images)


def _rest_of(home: Home, checker: Checker, job: Job) -> Work | None:
    try:
        spec = job.spec
    except HeadroomError:
        return None
    progress = read_progress(home, job.run_id) if job.state == "running" else None
    return compute_rest(checker, spec, progress.epoch or 0 if progress else 0)


def compute_rest(checker: Checker, spec: RunSpec, epochs: int) -> Work | None:
    """What is left to do of a training after some epochs; None for one that cannot be trained here."""
    try:
        found = checker.check(spec)
    except HeadroomError:
        return None
    work = Work.of(found.model, found.images)
    return replace(work, epochs=max(1, work.epochs - epochs))
