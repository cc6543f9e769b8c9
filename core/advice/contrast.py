"""The accuracy of one finalist minus that of another, tested against a margin on both sides.

The estimate is that of `core.analysis.difference.compute_interval`, or of balanced accuracy. With few seeds, images or
wrong predictions its variance can be far too small by chance. Two lower limits correct it:

- A finalist that loses a margin δ may lose it on a share δ of the images, always the same. The variance over the images
  is therefore at least δ(1 − δ), as in score tests, which use the variance under the hypothesis.
- With s seeds and n images the variance is at least σ²/(n·s), the value if only the seeds differ. σ² is the variance of
  the difference of one run each, which follows from the share of images on which the runs differ.

Source: Tango 1998, Equivalence test and confidence interval for the difference in proportions for the paired-sample
design, Stat. Med. 17.
"""

from dataclasses import dataclass, replace
from math import isinf, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from core.advice.request import Metric
from core.analysis.balanced_accuracy import compute_balanced_estimate
from core.analysis.crossed import Components, Estimate, compute_components, fill_single_seeds
from core.analysis.difference import predict_power

Correct = NDArray[np.bool_]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Contrast:
    """A difference of two finalists and its test.

    Attributes:
        margin: as a fraction.
        components: variance components, to predict the estimate with more seeds.
    """

    estimate: Estimate
    components: Components
    margin: float

    def reverse(self) -> "Contrast":
        """Return the opposite difference."""
        estimate = replace(self.estimate, mean=-self.estimate.mean)
        return replace(self, estimate=estimate, components=self.components.reverse())

    @property
    def p_within(self) -> float:
        """One-sided p-value of the hypothesis that the first loses the margin or more; 1 with a single seed."""
        return 1.0 if min(self.components.seeds) == 1 else float(stdtr(self.estimate.df, -self._statistic))

    @property
    def p_losing(self) -> float:
        """One-sided p-value of the hypothesis that the first loses the margin or less; 1 with a single seed."""
        return 1.0 if min(self.components.seeds) == 1 else float(stdtr(self.estimate.df, self._statistic))

    @property
    def _statistic(self) -> float:
        return (self.estimate.mean + self.margin) / sqrt(self.estimate.variance)

    def bound(self, level: float) -> float:
        """Return the one-sided lower bound of the difference; −1 with a single seed."""
        if min(self.components.seeds) == 1:
            return -1.0
        return self.estimate.interval(1 - 2 * level)[0]

    def predict(self, seeds: int, level: float) -> float:
        """Return the probability that at least `seeds` seeds per finalist show whether the margin is lost."""
        if isinf(self.estimate.variance):
            return 0.0
        shifted = replace(self.components, mean=self.components.mean + self.margin)
        return predict_power(shifted, seeds, level=1 - 2 * level)


def compute_metric(labels: Labels, right: Correct, metric: Metric) -> NDArray[np.float64]:
    """Return the accuracy or balanced accuracy of each run, float64 of shape (seeds,)."""
    per_class = [right[:, mask].mean(axis=1, dtype=np.float64) for mask in _list_strata(labels, metric)]
    return np.asarray(np.mean(per_class, axis=0), dtype=np.float64)


def compute_contrast(labels: Labels, first: Correct, second: Correct, margin: float, metric: Metric) -> Contrast:
    """Return the difference in accuracy or balanced accuracy of two finalists on the same images.

    Args:
        labels: class of each image, of shape (images,).
        first, second: of shape (seeds, images); any numbers of seeds.
        margin: as a fraction, above 0.
    """
    components = compute_components(first, second)
    images = components.images
    if images < 2:
        return Contrast(components.estimate(), components, margin)
    balanced = metric == "balanced_accuracy"
    estimate = compute_balanced_estimate(labels, first, second) if balanced else components.estimate()
    strata = _list_strata(labels, metric)
    weights = [1 / (len(strata) ** 2 * int(mask.sum())) for mask in strata]
    runs = [compute_metric(labels, right, metric) for right in (first, second)]
    spreads = fill_single_seeds([float(run.var(ddof=1)) if len(run) > 1 else None for run in runs], 0.0)
    of_runs = sum(spread / len(run) for spread, run in zip(spreads, runs, strict=True))
    of_images = max(estimate.variance - of_runs, margin * (1 - margin) * sum(weights))
    of_images = max(of_images, _compute_spread(strata, weights, first, second) / max(components.seeds) - of_runs)
    components = replace(
        components, mean=estimate.mean, run_variances=tuple(spreads), image_variance=of_images * images
    )  # fmt: skip
    return Contrast(replace(estimate, variance=of_runs + of_images), components, margin)


def _list_strata(labels: Labels, metric: Metric) -> list[NDArray[np.bool_]]:
    if metric == "accuracy":
        return [np.ones(len(labels), dtype=np.bool_)]
    return [labels == label for label in np.unique(labels)]


def _compute_spread(strata: list[NDArray[np.bool_]], weights: list[float], first: Correct, second: Correct) -> float:
    """Return the variance, over the images, of the difference of one run each."""
    p, q = first.mean(axis=0, dtype=np.float64), second.mean(axis=0, dtype=np.float64)
    differ, mean = p + q - 2 * p * q, p - q  # over all pairs of runs
    return float(np.dot(weights, [differ[mask].mean() - mean[mask].mean() ** 2 for mask in strata]))
