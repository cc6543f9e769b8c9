"""Plans of races: candidates of a recipe, schedule of epochs, estimated time, and warnings before anything starts."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.advice.candidates import list_candidates
from core.advice.conclude import LEVELS
from core.advice.dropping import MIN_EPOCHS, can_decide
from core.advice.plan import AdvicePlan
from core.advice.race import make_race
from core.advice.race_time import RaceTimer
from core.advice.request import Request
from core.datasets.dataset_view import read_info
from core.datasets.split import compute_split
from core.errors import AdviceError
from core.home import Home
from core.jobs.estimate import TimeEstimator, Work
from core.jobs.submit import Checker
from core.jobs.sweep_plan import list_members
from core.plural import format_plural
from core.recipe import Recipe
from core.store.run_store import RunStore

USUAL_HEADS = ("gap", "gap_linear", "gap_dense", "gmp_dense", "dense")
"""Candidates if no heads are given."""
_SHARES = (0.25, 0.5, 0.65)
_LATEST_SHARE = 0.75  # later, dropping saves little
_LEAST_SECONDS = 60.0  # of a complete run by `Work.prior_seconds`; continuing a shorter one takes longer than it saves


def make_plan(
    home: Home,
    recipe: Recipe,
    request: Request,
    heads: Iterable[str] = (),
    values: Mapping[str, Sequence[Any]] | None = None,
    changes: Mapping[str, Any] | None = None,
    store: RunStore | None = None,
    estimator: TimeEstimator | None = None,
) -> AdvicePlan:
    """Return the plan of a race; starts nothing.

    Args:
        heads: names; by default USUAL_HEADS.
        values: values of hyperparameters to combine, such as {"filters": [16, 32]}.
        changes: hyperparameters of all candidates that differ from the recipe; a seed is the first one.
        estimator: fitted to the runs of `store`; by default a new one.

    Raises:
        SpecError, UnknownNameError: when a value is invalid.
        DatasetError: when the dataset is not available.
        AdviceError: when no candidate can be trained, or the limits exclude all.
    """
    store = store or RunStore(home)
    given = dict(changes or {})
    first = given.pop("seed", recipe.spec.seed)
    specs = list_members(recipe, list(heads) or USUAL_HEADS, [first], values or {}, given)
    checker, frame = Checker(home), store.frame()
    candidates = tuple(list_candidates(checker, specs, request.limits, frame))
    allowed = [candidate for candidate in candidates if not candidate.excluded_by]
    if not allowed:
        lightest = min(candidates, key=lambda one: one.params or math.inf)
        raise AdviceError(
            f"The limits exclude all {format_plural(len(candidates), 'candidate')}. The smallest one, {lightest.name}: "
            f"{lightest.excluded_by}"
        )
    spec = allowed[0].parsed_spec
    info = read_info(home, spec)
    checked = checker.check(max(allowed, key=lambda one: one.flops).parsed_spec)
    rungs = choose_rungs(spec.epochs, Work.of(checked.model, checked.images).prior_seconds)
    validation = len(compute_split(spec, info.train_count, info.validation_count)[1])
    plan = AdvicePlan(
        request=request, recipe=recipe.name, candidates=candidates, rungs=rungs,
        validation_images=validation, test_images=info.test_count,
    )  # fmt: skip
    return _estimate(plan, RaceTimer(home, store, estimator))


def choose_rungs(epochs: int, seconds: float = math.inf) -> tuple[int, ...]:
    """Return the numbers of epochs after which candidates can be dropped; the last one is `epochs`.

    Those before the last are shares of all epochs, but not so few that no forecast is possible. Short runs have none,
    because each is another job: starting, tracing and exporting it takes longer than dropping saves.

    Args:
        seconds: training time of a complete run on a typical machine, the same on all machines: a question is the same
            race everywhere.

    >>> choose_rungs(25), choose_rungs(100), choose_rungs(5), choose_rungs(25, 3.0)
    ((7, 13, 17, 25), (25, 50, 65, 100), (5,), (25,))
    """
    if seconds < _LEAST_SECONDS:
        return (epochs,)
    early = {max(math.ceil(epochs * share), MIN_EPOCHS) for share in _SHARES}
    return (*sorted(rung for rung in early if rung <= _LATEST_SHARE * epochs), epochs)


def _estimate(plan: AdvicePlan, timer: RaceTimer) -> AdvicePlan:
    """Return the plan with the number of cached runs, the estimated times and the warnings."""
    race = make_race(plan, 0.0)
    usual, longest = timer.estimate(race), timer.estimate(race, dropping=False)
    budget = plan.request.budget_seconds
    warnings = [can_decide(plan.test_images, plan.request.margin / 100, LEVELS[0]) or ""]
    if budget and usual and usual.seconds > budget:
        warnings.append(
            f"The time budget is probably too short: about {_write(usual.seconds)} are needed, and it is "
            f"{_write(budget)}."
        )
    return replace(
        plan, estimate=usual, longest=longest, cached=timer.count_cached(race), warning=" ".join(filter(None, warnings))
    )


def _write(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
