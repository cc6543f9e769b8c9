"""Uncertainty of accuracies over seeds and test images: variance components of crossed random effects.

All runs are tested on the same images. The seeds are independent: the same seed number means nothing for two different
architectures. This is the model of multi-reader multi-case studies, with runs as readers and images as cases.

Sources: Dorfman, Berbaum & Metz 1992, Invest. Radiol. 27; Gallas 2006, One-shot estimate of MRMC variance, Acad.
Radiol. 13; Hillis 2007, Stat. Med. 26. Degrees of freedom: Satterthwaite 1946, Biometrics Bull. 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.interval import LEVEL, compute_wilson

Values = NDArray[np.bool_] | NDArray[np.int8]
T = TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """A mean with its variance and degrees of freedom; the variance is infinite if it cannot be estimated."""

    mean: float
    variance: float
    df: float

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the bounds of Student's t interval, clipped to [−1, 1]."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, (1 + level) / 2)) * sqrt(self.variance) if self.variance else 0.0
        return max(self.mean - half, -1.0), min(self.mean + half, 1.0)

    @property
    def p(self) -> float:
        """Two-sided p-value of the hypothesis that the mean is 0."""
        from scipy.special import stdtr

        if not self.variance:
            return float(self.mean == 0)
        return 2 * float(stdtr(self.df, -abs(self.mean) / sqrt(self.variance)))


@dataclass(frozen=True)
class Components:
    """Mean of one head, or difference of two, with its variance components.

    Attributes:
        seeds: number of runs of each head.
        images: number of test images.
        run_variances: sample variance of the run means of each head (n − 1); it includes the run × image interaction. A
            head with one seed has the value of the other head.
        image_variance: variance over the images of the mean (difference) per image, without that interaction.
    """

    mean: float
    seeds: tuple[int, ...]
    images: int
    run_variances: tuple[float, ...]
    image_variance: float

    def reverse(self) -> "Components":
        """Return the components of the opposite difference."""
        return Components(
            -self.mean, self.seeds[::-1], self.images, self.run_variances[::-1], self.image_variance
        )  # fmt: skip

    def estimate(self, seeds: int = 0, images: int = 0) -> Estimate:
        """Return the estimate as measured, or as expected with at least `seeds` per head and `images` in total.

        The run variances are expected not to decrease with more images.
        """
        counts = [max(count, seeds) for count in self.seeds]
        total = images or self.images
        if self.images < 2:
            return Estimate(self.mean, np.inf, 1.0)
        terms = [(self.image_variance / total, total - 1.0), *list_run_terms(self.run_variances, counts)]
        return sum_terms(self.mean, terms, total - 1.0)


def list_run_terms(run_variances: Sequence[float], counts: Sequence[int]) -> list[tuple[float, float]]:
    """Return the variance of the mean over the seeds of each head, with its degrees of freedom; none for one seed."""
    terms = [variance / count for variance, count in zip(run_variances, counts, strict=True)]
    if min(counts) > 1:
        return [(term, count - 1.0) for term, count in zip(terms, counts, strict=True)]
    return [(sum(terms), max(counts) - 1.0)] if max(counts) > 1 else []  # estimated from the head with several seeds


def sum_terms(mean: float, terms: Sequence[tuple[float, float]], default_df: float) -> Estimate:
    """Return an estimate whose variance is a sum of terms, each with its degrees of freedom (Satterthwaite).

    Args:
        default_df: degrees of freedom if all terms are 0.
    """
    variance = sum(term for term, _ in terms)
    squares = sum(term**2 / df for term, df in terms if term)
    return Estimate(mean, variance, variance**2 / squares if squares else default_df)


def compute_components(*heads: Values) -> Components:
    """Return the variance components of the mean of one head, or of the first minus the second.

    With one seed per head there is no component of the seeds: the result describes these trained models only.

    Args:
        heads: one or two arrays of bool or int8 of shape (seeds, images); the images are the same, the numbers of seeds
            may differ.
    """
    images = heads[0].shape[1]
    means = [values.mean(axis=0, dtype=np.float64) for values in heads]
    per_image = means[0] - means[1] if len(heads) == 2 else means[0]
    first, *second = (float(values.mean(dtype=np.float64)) for values in heads)
    mean = first - sum(second)  # exactly 0 for equal numbers of correct predictions
    found = [_compute_spread(values, mean) for values, mean in zip(heads, means, strict=True)]
    spreads = fill_single_seeds(found, (0.0, 0.0))
    counts = tuple(len(values) for values in heads)
    noise = sum(residual / count for (_, residual), count in zip(spreads, counts, strict=True))
    image_variance = float(per_image.var(ddof=1)) - noise if images > 1 else np.nan
    return Components(
        mean, counts, images, tuple(variance for variance, _ in spreads), max(image_variance, 0.0)
    )  # fmt: skip


def compute_head_variance(heads: Sequence[Values]) -> float:
    """Return half the mean variance of the differences of all pairs of heads, in any order of the heads.

    A head with one seed has the mean variance over the seeds of the others.

    Args:
        heads: at least two arrays of shape (seeds, images), on the same images.
    """
    means = np.stack([values.mean(axis=0, dtype=np.float64) for values in heads])
    found = [_compute_spread(values, mean) for values, mean in zip(heads, means, strict=True)]
    known = [spread for spread in found if spread is not None]
    usual = tuple(np.mean(known, axis=0)) if known else (0.0, 0.0)
    spreads = np.array([usual if spread is None else spread for spread in found])
    of_runs, noise = np.mean(spreads / [[len(values)] for values in heads], axis=0)
    images = means.shape[1]
    if images < 2:
        return float(of_runs)
    of_images = (means - means.mean(axis=0)).var(axis=1, ddof=1).sum() / (len(heads) - 1)
    return float(of_runs + max(of_images - noise, 0.0) / images)


def fill_single_seeds(found: Sequence[T | None], default: T) -> list[T]:
    """Replace the value of a head with one seed, None, by that of the other head."""
    other = next((value for value in found if value is not None), default)
    return [other if value is None else value for value in found]


def _compute_spread(values: Values, per_image: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the sample variance of the run means and the residual mean square; None for one run."""
    seeds, images = values.shape
    if seeds < 2:
        return None
    per_run = values.mean(axis=1, dtype=np.float64)
    run_variance = float(per_run.var(ddof=1))
    if images < 2:
        return run_variance, 0.0
    mean = per_run.mean()
    squares = np.square(values, dtype=np.float64).sum() - seeds * images * mean**2
    squares -= images * np.square(per_run - mean).sum() + seeds * np.square(per_image - mean).sum()
    return run_variance, max(float(squares), 0.0) / ((seeds - 1) * (images - 1))


def compute_accuracy_interval(correct: NDArray[np.bool_], level: float = LEVEL) -> tuple[float, float, float]:
    """Return the mean accuracy of a head and the bounds of its confidence interval over images and seeds.

    It is the Wilson score interval for the effective number of images, p(1 − p) / variance, with Student's t: within
    [0, 1] and of positive width also for an accuracy of 1. With one seed it describes the trained model only.

    Source: Franco, Little, Louis & Slud 2019, Comparative study of confidence intervals for proportions in complex
    sample surveys, J. Surv. Stat. Methodol. 7.

    Args:
        correct: bool of shape (seeds, images).
    """
    components = compute_components(correct)
    if len(correct) == 1:
        return compute_effective_wilson(Estimate(components.mean, 0.0, np.inf), components.images, 1, level)
    return compute_effective_wilson(components.estimate(), components.images, len(correct), level)


def compute_effective_wilson(
    estimate: Estimate, images: float, seeds: int, level: float = LEVEL
) -> tuple[float, float, float]:
    """Return the mean of an estimate of a proportion and the bounds of its Wilson score interval (see
    `compute_accuracy_interval`).

    Args:
        images: effective number of images if the variance is 0; with several seeds it is at most `seeds` times that.
    """
    mean, df = estimate.mean, np.inf
    if estimate.variance and 0 < mean < 1:
        df, images = estimate.df, min(mean * (1 - mean) / estimate.variance, images * seeds)
    low, high = compute_wilson(mean * images, images, level, df)
    return mean, float(low), float(high)
