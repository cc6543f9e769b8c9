"""Sweep plans: the runs of a sweep, their state, cost and estimated time."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

from core.architecture.model import Model
from core.errors import HeadroomError, SpecError
from core.home import Home
from core.jobs.estimate import TimeEstimate, TimeEstimator, Work, compute_overhead
from core.jobs.local_executor import read_slots
from core.jobs.progress import read_progress
from core.jobs.queue import Job, JobQueue
from core.jobs.submit import Checker
from core.jobs.sweep_store import MAX_MEMBERS
from core.models.model_info import choose_models
from core.plural import format_plural
from core.recipe import Recipe
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.run_store import RunStore
from core.suggestion import suggest

_FIXED = ("data", "head", "seed")  # data is given by the dataset; heads and seeds have their own options
SWEPT = tuple(name for name in SETTINGS if name not in _FIXED)


def read_values(texts: Iterable[str]) -> dict[str, list[Any]]:
    """Parse values such as "blocks=1,2,3" to {"blocks": [1, 2, 3]}. Values of "augmentation" are separated by
    semicolons, because they contain commas.

    Raises:
        SpecError: when a value is invalid, or a hyperparameter is given twice.
    """
    values: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, listed = text.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in SWEPT:
            hint = "" if name in SWEPT else suggest(name, SWEPT)
            raise SpecError(
                f"{hint}Expected hyperparameter=value,value with one of {', '.join(SWEPT)}; got {text!r:.80}."
            )
        if name in values:
            raise SpecError(f"{name} is given twice. List all its values once, separated by commas.")
        separator = ";" if name == "augmentation" else ","
        values[name] = list(dict.fromkeys(SETTINGS[name].read(part) for part in listed.split(separator)))
    return choose_models(values)


def list_members(
    recipe: Recipe,
    heads: Iterable[str],
    seeds: Sequence[int],
    values: Mapping[str, Sequence[Any]],
    changes: Mapping[str, Any] | None = None,
) -> list[RunSpec]:
    """Return the specs of all heads, seeds and combinations of values, without duplicates.

    They are ordered by seed, so a sweep that is stopped early has the complete grid with fewer seeds. Hyperparameters
    that a model does not use do not multiply its runs.

    Args:
        changes: hyperparameters that differ from the recipe in all runs.

    Raises:
        SpecError, UnknownNameError: when a value is invalid, or there are more than MAX_MEMBERS runs.
    """
    heads = list(dict.fromkeys(heads))
    count = len(heads) * len(seeds) * math.prod(len(some) for some in values.values())
    if not 1 <= count <= MAX_MEMBERS:
        parts = [
            format_plural(len(heads), "head"),
            format_plural(len(seeds), "seed"),
            *(f"{format_plural(len(values[name]), 'value')} of {name}" for name in values),
        ]
        raise SpecError(f"Expected a sweep of 1 to {MAX_MEMBERS} runs; got {count:,}: {' × '.join(parts)}.")
    members: dict[str, RunSpec] = {}
    for seed, point in product(seeds, product(*values.values())):
        for head in heads:
            chosen = {**(changes or {}), **dict(zip(values, point, strict=True)), "seed": seed}
            spec = recipe.spec_of(head, chosen)
            members[spec.run_id] = spec
    return list(members.values())


def list_idle(specs: Iterable[RunSpec], values: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return a message per given hyperparameter that has no effect: with several values on some heads, else on any."""
    messages = []
    groups: dict[str, list[RunSpec]] = {}
    for spec in specs:
        groups.setdefault(spec.head, []).append(spec)
    for name, listed in values.items():
        idle = [head for head, group in groups.items() if not any(spec.uses(name) for spec in group)]
        if len(idle) == len(groups):
            messages.append(f"{SETTINGS[name].label} has no effect on these runs.")
        elif len(listed) > 1 and idle:
            heads = ", ".join(HEADS[head].label for head in idle)
            messages.append(f"{SETTINGS[name].label} has no effect on {heads}: one run for all values.")
    return messages


@dataclass(frozen=True)
class SweepRun:
    """One run of a sweep plan.

    `problem` is the reason why an invalid run cannot be trained; it has no model. `starts_in` is the estimated time
    until it starts, in seconds. Estimates are None if unavailable or not needed.
    """

    spec: RunSpec
    state: Literal["cached", "in progress", "to train", "invalid"]
    model: Model | None = None
    images: int = 0
    problem: str = ""
    estimate: TimeEstimate | None = None
    starts_in: float | None = None


@dataclass(frozen=True)
class SweepPlan:
    """Runs of a planned sweep. `estimate` covers all runs to train and the `ahead` jobs that are queued before them."""

    members: tuple[SweepRun, ...]
    estimate: TimeEstimate | None
    ahead: int

    def of(self, *states: str) -> list[SweepRun]:
        return [member for member in self.members if member.state in states]

    def count_late(self, budget_minutes: int) -> int:
        """Return the number of runs that are not expected to start within the time budget."""
        return sum((member.starts_in or 0.0) > 60 * budget_minutes for member in self.of("to train"))


def make_estimator(home: Home, store: RunStore) -> TimeEstimator:
    frame = store.frame()
    return TimeEstimator(frame, compute_overhead(JobQueue(home).jobs(), frame))


def plan_sweep(
    home: Home, specs: Iterable[RunSpec], store: RunStore, estimator: TimeEstimator | None = None
) -> SweepPlan:
    """Return the state and the estimated time of each run; submits nothing.

    Args:
        estimator: a fitted estimator to reuse.

    Raises:
        DatasetError: when the dataset is not available.
        SpecError: when none of the runs can be trained; the message has the reason.
        JobError: when HEADROOM_SLOTS is invalid.
    """
    in_progress = {job.run_id: job for job in JobQueue(home).unfinished()}
    checker = Checker(home)
    members = [_plan_run(checker, spec, store, in_progress) for spec in specs]
    if all(member.state == "invalid" for member in members):
        raise SpecError(members[0].problem)
    estimator, slots = estimator or make_estimator(home, store), read_slots()
    ahead = [work for job in in_progress.values() if (work := _compute_job_remainder(home, checker, job))]
    todo = [Work.of(member.model, member.images) for member in members if member.state == "to train" and member.model]
    starts = iter(estimator.list_starts([*ahead, *todo], slots)[len(ahead) :])
    times = iter(estimator.estimate_all(todo))
    timed = [
        replace(member, estimate=next(times), starts_in=next(starts, None)) if member.state == "to train" else member
        for member in members
    ]
    return SweepPlan(tuple(timed), estimator.estimate_queue([*ahead, *todo], slots) if todo else None, len(ahead))


def _plan_run(checker: Checker, spec: RunSpec, store: RunStore, in_progress: Mapping[str, Job]) -> SweepRun:
    try:
        found = checker.check(spec)
    except SpecError as error:
        return SweepRun(spec, "invalid", problem=str(error))
    run_id = found.spec.run_id
    state: Any = "in progress" if run_id in in_progress else "to train" if store.path(run_id) is None else "cached"
    return SweepRun(found.spec, state, found.model, found.images)


def _compute_job_remainder(home: Home, checker: Checker, job: Job) -> Work | None:
    try:
        spec = job.spec
    except HeadroomError:
        return None
    progress = read_progress(home, job.run_id) if job.state == "running" else None
    return compute_remaining_work(checker, spec, progress.epoch or 0 if progress else 0)


def compute_remaining_work(checker: Checker, spec: RunSpec, epochs: int) -> Work | None:
    """Return the work of a run that remains after `epochs` epochs; None if it cannot be trained on this machine."""
    try:
        found = checker.check(spec)
    except HeadroomError:
        return None
    work = Work.of(found.model, found.images)
    return replace(work, epochs=max(1, work.epochs - epochs))
