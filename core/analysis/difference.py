"""Accuracy difference between two heads: confidence interval, and the sample size needed for a conclusion."""

from dataclasses import dataclass
from itertools import combinations
from math import ceil, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from core.analysis.correctness import compute_correct, pair_runs
from core.analysis.interval import LEVEL, quantile_t
from core.store.comparison import Comparison, Variant

RESAMPLES = 2_000
MAX_SEEDS = 1_000

Verdict = Literal["better", "worse", "no significant difference", "one seed"]


@dataclass(frozen=True)
class Difference:
    """Accuracy of `a` minus accuracy of `b`, paired by seed.

    Without a common seed, `mean` is the difference of the means over all seeds, `seeds` is 0, and `low` and `high` are
    NaN.

    Attributes:
        low, high: bounds of the 95% confidence interval over images and seeds, for one pair over images only.
        seed_std: sample standard deviation of the differences over the seeds (n − 1); None for fewer than two.
        image_std_error: standard error of the mean due to the choice of test images.
    """

    a: str
    b: str
    mean: float
    low: float
    high: float
    seeds: int
    images: int
    seed_std: float | None
    image_std_error: float

    @property
    def verdict(self) -> Verdict:
        """Conclusion about `a`. "better" and "worse" need at least two common seeds."""
        if self.seed_std is None:
            return "one seed"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no significant difference"


@dataclass(frozen=True)
class Need:
    """Seeds per head, or otherwise test images, needed for an interval of this difference that excludes 0."""

    seeds: int | None = None
    images: int | None = None


def compute_difference(a: Variant, b: Variant) -> Difference:
    """Return the accuracy of `a` minus that of `b` with its confidence interval (see `resample_mean`)."""
    pairs = pair_runs(a, b)
    images = a.first.record.data.test_images
    if not pairs:
        mean = float(np.mean([compute_correct(run).mean() for run in a.runs]))
        mean -= float(np.mean([compute_correct(run).mean() for run in b.runs]))
        return Difference(a.label, b.label, mean, np.nan, np.nan, 0, images, None, np.nan)
    correct = [np.stack([compute_correct(pair[side]) for pair in pairs]) for side in (0, 1)]
    per_seed = (correct[0].mean(axis=1) - correct[1].mean(axis=1)).astype(np.float64)
    over_images, over_both = resample_difference(correct[0], correct[1])
    low, high = compute_percentile_interval(over_both)
    std = float(per_seed.std(ddof=1)) if len(pairs) > 1 else None
    return Difference(
        a.label, b.label, float(per_seed.mean()), low, high, len(pairs), images, std,
        float(over_images.std()),
    )  # fmt: skip


def compute_differences(comparison: Comparison) -> list[Difference]:
    """Return the difference of each pair of variants, the earlier minus the later one."""
    return [compute_difference(a, b) for a, b in combinations(comparison.variants, 2)]


def resample_difference(
    correct_a: NDArray[np.bool_], correct_b: NDArray[np.bool_], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return bootstrap distributions of the mean difference in accuracy (see `resample_mean`).

    Args:
        correct_a: bool of shape (seeds, images); row i has the same seed as row i of `correct_b`.
    """
    return resample_mean(correct_a.astype(np.int8) - correct_b.astype(np.int8), resamples=resamples, seed=seed)


def resample_mean(
    values: NDArray[np.int8], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return bootstrap distributions of the mean of small integers over images, and over images and seeds.

    Images are resampled with replacement, the same ones for all seeds (for differences this is the paired bootstrap,
    Efron & Tibshirani 1993, An introduction to the bootstrap, chapter 8). A few seeds cannot be resampled: two that
    agree in sign by chance would give an interval that excludes 0. Instead, each resample adds a quantile of Student's
    t distribution, scaled by the standard error over its seeds. With one seed or many the interval is therefore the
    bootstrap interval; with an unlimited number of images it is Student's t interval.

    Images with equal values for all seeds are drawn together as a multinomial count, which gives the same distribution
    without an index per image.

    Args:
        values: int8 of shape (seeds, images).

    Returns:
        Two float64 arrays of shape (resamples,): over images only, and over images and seeds; equal for one seed.
    """
    seeds, images = values.shape
    patterns, counts = np.unique(values, axis=1, return_counts=True)
    order = np.argsort(-counts)  # drawing stops early if the frequent patterns use up all images
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(images, counts[order] / images, size=resamples)
    per_seed = drawn @ patterns[:, order].T.astype(np.float64) / images
    means = per_seed.mean(axis=1)
    if seeds < 2:
        return means, means
    errors = per_seed.std(axis=1, ddof=1) / sqrt(seeds)
    levels = (np.arange(resamples) + 0.5) / resamples  # stratified, so that the tails are represented
    return means, means + errors * rng.permutation(stdtrit(seeds - 1, levels))


def compute_percentile_interval(resampled: NDArray[np.float64]) -> tuple[float, float]:
    """Return the bounds of the 95% percentile interval of resampled means."""
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def compute_need(difference: Difference) -> Need:
    """Return the number of seeds, or if no number of seeds suffices of test images, needed for a conclusion.

    The half-width of the interval is about √((t·s/√k)² + (z·e)²) for k seeds, where `s` is the standard deviation over
    the seeds and `e` the standard error over the images, which decreases with the square root of their number.
    """
    size, std = abs(difference.mean), difference.seed_std
    if size == 0 or std is None:
        return Need()
    image_half_width = float(ndtri((1 + LEVEL) / 2)) * difference.image_std_error
    if image_half_width >= size:
        return Need(images=ceil(difference.images * (image_half_width / size) ** 2))
    seed_half_width = sqrt(size**2 - image_half_width**2)
    for seeds in range(2, MAX_SEEDS + 1):
        if quantile_t(seeds - 1) * std / sqrt(seeds) < seed_half_width:
            return Need(seeds=seeds)
    return Need()
