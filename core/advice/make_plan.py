"""Plans of races: candidates of a recipe, schedule of epochs, estimated time, and warnings before anything starts."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.advice.candidate import Candidate
from core.advice.candidates import list_candidates
from core.advice.dropping import MIN_EPOCHS, can_decide
from core.advice.plan import AdvicePlan
from core.advice.request import Request
from core.datasets.dataset_view import read_info
from core.datasets.split import compute_split
from core.errors import AdviceError
from core.home import Home
from core.jobs.estimate import TimeEstimate, TimeEstimator, Work
from core.jobs.local_executor import read_slots
from core.jobs.submit import Checker
from core.jobs.sweep_plan import list_members, make_estimator
from core.recipe import Recipe
from core.store.run_store import RunStore

_SHARES = (0.25, 0.5)
_LATEST_SHARE = 0.75  # later, dropping saves little
_USUAL_SEEDS = 3
_FINALISTS = 2


def make_plan(
    home: Home,
    recipe: Recipe,
    request: Request,
    heads: Iterable[str] = (),
    values: Mapping[str, Sequence[Any]] | None = None,
    changes: Mapping[str, Any] | None = None,
    store: RunStore | None = None,
) -> AdvicePlan:
    """Return the plan of a race; starts nothing.

    Args:
        heads: names; by default those of the recipe.
        values: values of hyperparameters to combine, such as {"filters": [16, 32]}.
        changes: hyperparameters of all candidates that differ from the recipe; a seed is the first one.

    Raises:
        SpecError, UnknownNameError: when a value is invalid.
        DatasetError: when the dataset is not available.
        AdviceError: when no candidate can be trained, or the limits exclude all.
    """
    store = store or RunStore(home)
    given = dict(changes or {})
    first = given.pop("seed", recipe.spec.seed)
    specs = list_members(recipe, list(heads) or recipe.heads, [first], values or {}, given)
    checker, frame = Checker(home), store.frame()
    candidates = tuple(list_candidates(checker, specs, request.limits, frame))
    allowed = [candidate for candidate in candidates if not candidate.excluded_by]
    if not allowed:
        lightest = min(candidates, key=lambda one: one.params or math.inf)
        raise AdviceError(
            f"The limits exclude all {len(candidates)} candidates. The smallest one, {lightest.name}: "
            f"{lightest.excluded_by}"
        )
    spec = allowed[0].parsed_spec
    info = read_info(home, spec)
    rungs = choose_rungs(spec.epochs)
    validation = len(compute_split(spec, info.train_count, info.validation_count)[1])
    plan = AdvicePlan(
        request=request, recipe=recipe.name, candidates=candidates, rungs=rungs,
        validation_images=validation, test_images=info.test_count,
    )  # fmt: skip
    return _estimate(home, plan, store, checker)


def choose_rungs(epochs: int) -> tuple[int, ...]:
    """Return the numbers of epochs after which candidates can be dropped; the last one is `epochs`.

    Those before the last are a quarter and half of all epochs, but not so few that no forecast is possible.

    >>> choose_rungs(25), choose_rungs(100), choose_rungs(5)
    ((7, 13, 25), (25, 50, 100), (5,))
    """
    early = {max(math.ceil(epochs * share), MIN_EPOCHS) for share in _SHARES}
    return (*sorted(rung for rung in early if rung <= _LATEST_SHARE * epochs), epochs)


def _estimate(home: Home, plan: AdvicePlan, store: RunStore, checker: Checker) -> AdvicePlan:
    """Return the plan with the number of cached runs, the estimated times and the warnings."""
    estimator = make_estimator(home, store)
    known: dict[str, bool] = {}
    usual = _estimate_queue(plan, estimator, checker, store, _USUAL_SEEDS, known, halve=True)
    longest = _estimate_queue(plan, estimator, checker, store, plan.request.seeds, known, halve=False)
    budget = plan.request.budget_seconds
    warnings = [can_decide(plan.test_images, plan.request.margin / 100) or ""]
    if budget and usual and usual.seconds > budget:
        warnings.append(
            f"The time budget is probably too short: about {_write(usual.seconds)} are needed, and it is "
            f"{_write(budget)}."
        )
    return replace(
        plan, estimate=usual, longest=longest, cached=sum(known.values()), warning=" ".join(filter(None, warnings))
    )


def _estimate_queue(
    plan: AdvicePlan, estimator: TimeEstimator, checker: Checker, store: RunStore, seeds: int, known: dict[str, bool],
    *, halve: bool,
) -> TimeEstimate | None:  # fmt: skip
    """Estimate the time of all rungs and seeds; with `halve`, half of the candidates continue from each rung."""
    works: list[Work] = []
    left = sorted(plan.allowed, key=lambda one: one.params)
    before = 0

    def add(candidate: Candidate, epochs: int, seed: int, skipped: int) -> None:
        spec = candidate.spec_of(epochs, seed)
        if spec.run_id not in known:
            known[spec.run_id] = store.path(spec.run_id) is not None
        if not known[spec.run_id]:
            checked = checker.check(spec)
            works.append(replace(Work.of(checked.model, checked.images), epochs=epochs - skipped))

    for rung in plan.rungs:
        for candidate in left:
            add(candidate, rung, 0, before)
        before = rung
        if halve and len(left) > _FINALISTS:
            left = left[-max(math.ceil(len(left) / 2), _FINALISTS) :]  # the expensive half: an upper bound
    finalists = left if not halve else left[-_FINALISTS:]
    for seed in range(1, seeds if len(left) > 1 else 1):
        for candidate in finalists:
            add(candidate, plan.rungs[-1], seed, 0)
    return estimator.estimate_queue(works, read_slots()) if works else TimeEstimate(0.0, 0.0, 0.0, 0, False)


def _write(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
