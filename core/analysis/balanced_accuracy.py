"""Confidence intervals of the balanced accuracy of a head and of the difference of two, over test images and seeds.

The balanced accuracy is the mean recall of the K classes with images. With W = 1/K it is the stratified mean Σ W·ȳₖ of
whether predictions are correct, with the classes as strata, so its variance over the images is Σ W²·Sₖ²/nₖ. Sₖ² is the
variance in class k without the run × image interaction; it and the variance over the seeds are those of the crossed
model in `core.analysis.crossed`.

A rare class has too few images for its own variance: if it is always right, Sₖ² is 0. The variance is therefore at
least S²·Σ W²/nₖ, where S² is the variance of all images around the balanced mean, which for one head is p(1 − p): that
of 1/Σ W²/nₖ images drawn without strata (Kish's effective sample size). In simulations like `benchmarks/coverage.py`
the coverage is 94–98%; with 5 images of the rarest class it is 85–100%.

Sources: Cochran 1977, Sampling Techniques, third edition, equations 5.6 and 5.16 (degrees of freedom); Kish 1992,
Weighting for unequal Pᵢ, J. Off. Stat. 8.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.correctness import stack_correct
from core.analysis.crossed import (
    Components,
    Estimate,
    compute_components,
    compute_effective_wilson,
    fill_single_seeds,
    list_run_terms,
    sum_terms,
)
from core.interval import LEVEL
from core.store.comparison import Variant

Labels = NDArray[np.int64]
Correct = NDArray[np.bool_]


@dataclass(frozen=True)
class BalancedDifference:
    """Balanced accuracy of one head minus that of another, with the bounds of its 95% interval."""

    mean: float
    low: float
    high: float


def compare_balanced(a: Variant, b: Variant) -> BalancedDifference:
    """Return the balanced accuracy of `a` minus that of `b`, on the same test images."""
    labels = a.first.predictions.test_labels
    estimate = compute_balanced_estimate(labels, stack_correct(a), stack_correct(b))
    return BalancedDifference(estimate.mean, *estimate.interval())


def compute_balanced_interval(labels: Labels, correct: Correct, level: float = LEVEL) -> tuple[float, float, float]:
    """Return the mean balanced accuracy of a head and the bounds of its confidence interval over images and seeds.

    It is the Wilson score interval for the effective number of images, as in `compute_accuracy_interval`. For one seed
    and classes of equal size both are about equal.

    Args:
        labels: class of each image, of shape (images,).
        correct: of shape (seeds, images).
    """
    estimate = compute_balanced_estimate(labels, correct)
    counts = np.unique(labels, return_counts=True)[1]
    return compute_effective_wilson(estimate, len(counts) ** 2 / float(np.sum(1 / counts)), len(correct), level)


def compute_balanced_estimate(labels: Labels, *heads: Correct) -> Estimate:
    """Return the balanced accuracy of one head, or that of the first minus that of the second, with its variance.

    With one seed per head it describes these trained models only.

    Args:
        labels: class of each image, of shape (images,).
        heads: one or two arrays of shape (seeds, images).
    """
    masks = [labels == label for label in np.unique(labels)]
    strata = [compute_components(*(head[:, mask] for head in heads)) for mask in masks]
    recalls = [np.mean([head[:, mask].mean(axis=1) for mask in masks], axis=0) for head in heads]
    spreads = [float(recall.var(ddof=1)) if len(recall) > 1 else None for recall in recalls]
    run_terms = list_run_terms(fill_single_seeds(spreads, 0.0), [*map(len, heads)])
    mean = float(np.mean([stratum.mean for stratum in strata]))
    return sum_terms(mean, [*_list_image_terms(strata, mean), *run_terms], float(len(labels) - 1))


def _list_image_terms(strata: list[Components], mean: float) -> list[tuple[float, float]]:
    """Return the terms of the variance over the images with their degrees of freedom: one per class, or one of all
    classes if that is larger or a class has a single image."""
    counts = np.array([stratum.images for stratum in strata])
    weights = 1 / (len(strata) ** 2 * counts)
    variances = np.array([stratum.image_variance for stratum in strata])
    within = np.where(counts > 1, variances * (counts - 1) / counts, 0.0)  # of the images, without the correction
    between = (np.array([stratum.mean for stratum in strata]) - mean) ** 2
    total = float(np.mean(within + between)) * float(weights.sum())
    if (counts == 1).any() or total > float(weights @ variances):
        return [(total, float(counts.sum() - 1))]
    return [(float(term), float(count - 1)) for term, count in zip(weights * variances, counts, strict=True)]
