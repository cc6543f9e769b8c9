"""The difference in accuracy between two heads, how sure it is, and what would settle it."""

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
MOST_SEEDS = 1_000

Verdict = Literal["better", "worse", "no significant difference", "one seed"]


@dataclass(frozen=True)
class Difference:
    """Accuracy of `a` minus that of `b`, over the seeds that both have.

    `low` and `high` bound the 95 % interval: over images and seeds, with a single pair over the images alone.
    `seed_std` is the standard deviation of the differences over the seeds (n − 1), None for fewer than two;
    `image_std_error` is the standard error that the choice of test images gives to the mean. Without a seed in common
    the means over all seeds are subtracted, `seeds` is 0, and there is no interval: `low` and `high` are NaN.
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
        """Of `a`. A head is better or worse than another only where two seeds or more have their say."""
        if self.seed_std is None:
            return "one seed"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no significant difference"


@dataclass(frozen=True)
class Need:
    """What would take 0 out of the interval if the difference stays as it is: seeds a head, or else test images."""

    seeds: int | None = None
    images: int | None = None


def compute_difference(a: Variant, b: Variant) -> Difference:
    pairs = pair_runs(a, b)
    images = a.first.record.data.test_images
    if not pairs:
        mean = float(np.mean([compute_correct(run).mean() for run in a.runs]))
        mean -= float(np.mean([compute_correct(run).mean() for run in b.runs]))
        return Difference(a.label, b.label, mean, np.nan, np.nan, 0, images, None, np.nan)
    right = [np.stack([compute_correct(pair[side]) for pair in pairs]) for side in (0, 1)]
    per_seed = (right[0].mean(axis=1) - right[1].mean(axis=1)).astype(np.float64)
    over_images, over_both = resample_difference(right[0], right[1])
    low, high = bound(over_both)
    spread = float(per_seed.std(ddof=1)) if len(pairs) > 1 else None
    return Difference(
        a.label, b.label, float(per_seed.mean()), low, high, len(pairs), images, spread,
        float(over_images.std()),
    )  # fmt: skip


def compute_differences(comparison: Comparison) -> list[Difference]:
    """Of every pair of contenders, the earlier one first."""
    return [compute_difference(a, b) for a, b in combinations(comparison.variants, 2)]


def resample_difference(
    right_a: NDArray[np.bool_], right_b: NDArray[np.bool_], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean differences in accuracy as other test images, and other images and seeds, would have given them.

    Args:
        right_a: bool of shape (seeds, images); row i is of the same seed as row i of `right_b`.

    Returns:
        As `resample_mean`.
    """
    return resample_mean(right_a.astype(np.int8) - right_b.astype(np.int8), resamples=resamples, seed=seed)


def resample_mean(
    values: NDArray[np.int8], *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means of small whole numbers as other test images, and other images and seeds, would have given them.

    Images are drawn with replacement, the same for all seeds (and, where the numbers are differences, both heads: the
    paired bootstrap, Efron & Tibshirani 1993, An introduction to the bootstrap, chapter 8). A handful of seeds cannot
    be drawn that way: two that happen to agree in sign would pass for certainty. Their part of each resample is
    Student's t, scaled by the standard error over the seeds of that resample. So the interval is the bootstrap's for
    many seeds or one, and Student's for images without end.

    Images with the same numbers for all seeds are drawn together, as a multinomial count: exactly the same
    distribution, without an index an image.

    Args:
        values: int8 of shape (seeds, images).

    Returns:
        Two float64 arrays of shape (resamples,): over images alone, and over both; equal for one seed.
    """
    seeds, images = values.shape
    patterns, counts = np.unique(values, axis=1, return_counts=True)
    order = np.argsort(-counts)  # the draws of a resample end when the common patterns took all images
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(images, counts[order] / images, size=resamples)
    per_seed = drawn @ patterns[:, order].T.astype(np.float64) / images
    means = per_seed.mean(axis=1)
    if seeds < 2:
        return means, means
    errors = per_seed.std(axis=1, ddof=1) / sqrt(seeds)
    levels = (np.arange(resamples) + 0.5) / resamples  # evenly over the distribution: its far ends are not left to luck
    return means, means + errors * rng.permutation(stdtrit(seeds - 1, levels))


def bound(resampled: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of the 95 % interval of resampled means."""
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def compute_need(difference: Difference) -> Need:
    """How many seeds, or where no number of seeds would do how many images, would settle a difference of this size.

    Half the interval's width is about √((t·s/√k)² + (z·e)²) for k seeds, with `s` the spread over the seeds and `e`
    the standard error over the images, which shrinks with the root of their number.
    """
    size, spread = abs(difference.mean), difference.seed_std
    if size == 0 or spread is None:
        return Need()
    images_half = float(ndtri((1 + LEVEL) / 2)) * difference.image_std_error
    if images_half >= size:
        return Need(images=ceil(difference.images * (images_half / size) ** 2))
    room = sqrt(size**2 - images_half**2)
    for seeds in range(2, MOST_SEEDS + 1):
        if quantile_t(seeds - 1) * spread / sqrt(seeds) < room:
            return Need(seeds=seeds)
    return Need()
