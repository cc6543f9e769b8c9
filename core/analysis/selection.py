"""Optimism of the best of many variants: its accuracy on the images that selected it is too high."""

from math import sqrt

from core.analysis.correctness import stack_correct
from core.analysis.crossed import compute_head_variance
from core.store.comparison import Comparison

MANY = 5


def compute_optimism(comparison: Comparison) -> float:
    """Return by how much the best test accuracy of equally accurate variants exceeds their true accuracy on average.

    It is the expected maximum of independent normal deviations with the variance of `compute_head_variance`. 0 for one
    variant.

    Source of the expected maximum: Blom 1958, Statistical estimates and transformed beta-variables, chapter 6.
    """
    from scipy.special import ndtri

    count = len(comparison.variants)
    if count < 2:
        return 0.0
    variance = compute_head_variance([stack_correct(variant) for variant in comparison.variants])
    return float(ndtri((count - 0.375) / (count + 0.25))) * sqrt(variance)
