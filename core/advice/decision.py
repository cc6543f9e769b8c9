"""The decision between finalists: the cheapest one that loses at most a margin to the best.

A finalist is within the margin if it is not inferior to any other finalist by the margin or more: each one-sided test
must reject, so the test with the largest p-value counts (intersection–union), and it does not matter which finalist is
the best or how it was selected. Over the finalists, Holm's method with Shaffer's improvement holds the family-wise
error: the best one is always within the margin, so at most all others can be wrong. The level is that of the analysis
(`core.advice.spending`).

Sources: Piaggio et al. 2012, Reporting of noninferiority and equivalence randomized trials, JAMA 308; Berger 1982,
Multiparameter hypothesis testing and acceptance sampling, Technometrics 24; Hsu 1984, Constrained simultaneous
confidence intervals for multiple comparisons with the best, Ann. Stat. 12; Shaffer 1986, J. Am. Stat. Assoc. 81.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.advice.contrast import Contrast, compute_contrast, compute_metric
from core.advice.request import Metric
from core.advice.spending import compute_analysis_level, correct_shaffer, list_step_levels
from core.analysis.difference import MAX_SEEDS, POWER, MarginVerdict

MAX_MARGIN = 0.5

DecisionState = Literal["decided", "needed", "undecided"]


@dataclass(frozen=True)
class Finalist:
    """A candidate with its results on the images that decide.

    Attributes:
        cost: in any unit; smaller is better.
        right: whether each prediction is correct, of shape (seeds, images); the images are the same for all finalists.
        labels: class of each image, of shape (images,).
    """

    name: str
    cost: float
    right: NDArray[np.bool_]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class MarginComparison:
    """A finalist compared with the reference, as fractions of 1.

    Attributes:
        mean, low, high: its accuracy minus that of the reference, with the bounds of the two-sided 95% interval.
        bound: one-sided lower bound of its accuracy minus that of the best other finalist, whichever that is, at the
            level that decides; −1 without one. It is "within the margin" if this is above −margin.
        p: p-value of the hypothesis that it loses the margin or more, adjusted for the number of finalists.
        seeds: its number of seeds.
    """

    name: str
    cost: float
    mean: float
    low: float
    high: float
    bound: float
    p: float
    verdict: MarginVerdict
    seeds: int


@dataclass(frozen=True)
class Decision:
    """Result of the comparison of all finalists.

    Attributes:
        state: "decided": `choice` is the cheapest finalist within the margin of the best; "needed": `choice` is the
            reference, and every cheaper finalist loses more than the margin; "undecided" otherwise.
        choice: if undecided, the cheapest finalist shown to be within the margin, which can be used, or None.
        reference: the best finalist.
        comparisons: one per finalist, the reference included, in the order of cost.
        tied: if undecided, the finalists between which it is not decided, in the order of cost.
        more_seeds: additional seeds per finalist that settle an undecided result with a probability of 80%; None if
            more seeds cannot, because the images are too few, or if nothing is undecided.
        level: significance level of this analysis.
        chance: probability that `most_seeds` seeds per finalist settle an undecided result; 1 if nothing is undecided.
    """

    state: DecisionState
    choice: str | None
    reference: str
    comparisons: tuple[MarginComparison, ...]
    tied: tuple[str, ...]
    more_seeds: int | None
    level: float
    chance: float = 1.0


def decide(
    finalists: Sequence[Finalist],
    margin: float,
    *,
    metric: Metric = "accuracy",
    reference: str | None = None,
    alpha: float = 0.05,
    analysis: int = 1,
    analyses: int = 1,
    later_alpha: float | None = None,
    most_seeds: int = 0,
) -> Decision:
    """Return the cheapest finalist within the margin of the best, or what is missing to know it.

    Args:
        margin: as a fraction: 0.01 is one percentage point.
        reference: name of the best finalist if other images selected it, such as validation images; by default the
            finalist with the highest accuracy on these images. It names what the others are compared with; the error
            rates hold for any selection.
        alpha: probability of a wrong "within the margin", over all finalists and analyses.
        analysis, analyses: number of this analysis of growing data from 1, and how many there can be at most.
        later_alpha: as `alpha`, at the next analysis with more seeds; by default that of the plan of `analyses`.
        most_seeds: largest number of seeds per finalist, for `chance`.

    Raises:
        ValueError: no finalists, names that repeat, arrays of different images, or a value out of its range.
    """
    _check(finalists, margin, reference)
    level = compute_analysis_level(analysis, analyses, alpha)
    means = {one.name: float(compute_metric(one.labels, one.right, metric).mean()) for one in finalists}
    best = reference or min(finalists, key=lambda one: (-means[one.name], one.cost, one.name)).name
    ordered = sorted(finalists, key=lambda one: (one.cost, one.name != best, -means[one.name], one.name))
    names = [one.name for one in ordered]
    last = names.index(best)
    contrasts = _compute_contrasts(ordered, margin, metric)
    steps, rows = _test(contrasts, last, level)
    tests = tuple(
        _describe(one, contrasts[row], last, steps[row], *rows[row]) for row, one in enumerate(ordered)
    )  # fmt: skip
    usable = next((row for row in range(last + 1) if tests[row].verdict == "within the margin"), None)
    unresolved = [row for row in range(last if usable is None else usable) if tests[row].verdict == "undecided"]
    unresolved += [last] if usable is None else []
    choice = None if usable is None else names[usable]
    if choice is not None and not unresolved:
        state: DecisionState = "needed" if choice == best and usable else "decided"
        return Decision(state, choice, best, tests, (), None, level)
    open_pairs = [
        (row, other)
        for row in unresolved
        for other, contrast in contrasts[row].items()
        if contrast.p_within > steps[row]
    ]
    tied = sorted({*unresolved, *(other for _, other in open_pairs), last if usable is None else usable})
    later = later_alpha or compute_analysis_level(min(analysis + 1, analyses), analyses, alpha)
    later /= max(len(ordered) - 1, 1)
    undecided = [contrasts[row][other] for row, other in open_pairs]
    chance = min(contrast.predict(most_seeds, later) for contrast in undecided)
    more_seeds = _count_more_seeds(undecided, later)
    return Decision("undecided", choice, best, tests, tuple(names[row] for row in tied), more_seeds, level, chance)


def _check(finalists: Sequence[Finalist], margin: float, reference: str | None) -> None:
    names = [one.name for one in finalists]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"Expected at least one finalist and different names; got {names}.")
    if reference is not None and reference not in names:
        raise ValueError(f"Expected the name of a finalist as reference; got {reference!r}.")
    if not 0 < margin <= MAX_MARGIN:
        raise ValueError(f"Expected a margin above 0 and at most {MAX_MARGIN:g}; got {margin:g}.")
    labels = finalists[0].labels
    for one in finalists:
        if one.right.ndim != 2 or not one.right.size or one.right.shape[1:] != labels.shape:
            raise ValueError(f"Expected {len(labels)} images and at least one seed; got shape {one.right.shape}.")
        if not np.array_equal(one.labels, labels):
            raise ValueError(f"Expected the same images for all finalists; got other labels for {one.name}.")
        if np.isnan(one.cost):
            raise ValueError(f"Expected a number as cost of {one.name}; got {one.cost}.")


def _compute_contrasts(finalists: Sequence[Finalist], margin: float, metric: Metric) -> list[dict[int, Contrast]]:
    """Return the contrasts of each finalist with all others, by their index."""
    contrasts: list[dict[int, Contrast]] = [{} for _ in finalists]
    for (row, first), (other, second) in combinations(enumerate(finalists), 2):
        contrasts[row][other] = compute_contrast(first.labels, first.right, second.right, margin, metric)
        contrasts[other][row] = contrasts[row][other].reverse()
    return contrasts


def _test(
    contrasts: Sequence[Mapping[int, Contrast]], reference: int, level: float
) -> tuple[list[float], list[tuple[float, MarginVerdict]]]:
    """Return the level at which each finalist is tested, and its adjusted p-value with the verdict.

    A loss against the reference is one of the losses against all others, of which it was selected (Bonferroni).
    """
    most = max(len(contrasts) - 1, 1)
    within = [max((one.p_within for one in row.values()), default=0.0) for row in contrasts]
    losing = [row[reference].p_losing * most if reference in row else 1.0 for row in contrasts]
    p_within = correct_shaffer(within, most)
    p_losing = correct_shaffer(losing, most)
    verdicts: list[MarginVerdict] = [
        "within the margin" if near <= level else "not within the margin" if far <= level else "undecided"
        for near, far in zip(p_within, p_losing, strict=True)
    ]
    return list_step_levels(within, most, level), list(zip(map(float, p_within), verdicts, strict=True))


def _describe(
    finalist: Finalist, contrasts: Mapping[int, Contrast], reference: int, step: float, p: float, verdict: MarginVerdict
) -> MarginComparison:
    mean, low, high = 0.0, 0.0, 0.0
    if reference in contrasts:
        estimate = contrasts[reference].estimate
        mean, (low, high) = estimate.mean, estimate.interval()
    bound = min((contrast.bound(step) for contrast in contrasts.values()), default=0.0)
    return MarginComparison(
        finalist.name, finalist.cost, mean, low, high, bound, p, verdict, len(finalist.right)
    )  # fmt: skip


def _count_more_seeds(contrasts: Sequence[Contrast], level: float) -> int | None:
    """Return how many more seeds per finalist settle each contrast with a probability of POWER; None if none do."""
    fewest = min(min(contrast.components.seeds) for contrast in contrasts)

    def settles(seeds: int) -> bool:
        return all(contrast.predict(seeds, level) >= POWER for contrast in contrasts)

    counts = range(fewest + 1, MAX_SEEDS + 1)
    found = bisect_left(counts, True, key=settles)
    return counts[found] - fewest if found < len(counts) else None
