"""Main finding of a comparison: the smallest variant compared with the baseline."""

from dataclasses import dataclass

from core.analysis.difference import Difference, compute_differences, find_baseline, find_smallest
from core.store.comparison import Comparison, Variant


@dataclass(frozen=True)
class Finding:
    """The smallest variant, and the baseline: of the others the most accurate on the validation images.

    Attributes:
        accuracy: of the smallest minus that of the baseline, corrected for all pairs of the comparison.
    """

    small: Variant
    baseline: Variant
    params_ratio: float
    accuracy: Difference


def compute_finding(comparison: Comparison) -> Finding | None:
    """Return the main finding; None if there is only one variant."""
    if len(comparison.variants) < 2:
        return None
    small, baseline = find_smallest(comparison), find_baseline(comparison)
    ratio = baseline.first.record.cost.params / small.first.record.cost.params
    accuracy = next(one for one in compute_differences(comparison) if {one.a, one.b} == {small.label, baseline.label})
    return Finding(small, baseline, ratio, accuracy if accuracy.a == small.label else accuracy.reverse())
