"""Main finding of a comparison: the smallest variant compared with the baseline."""

import math
from dataclasses import dataclass

from core.analysis.baseline import find_baseline, find_best, find_smallest
from core.analysis.difference import Difference, compute_differences
from core.store.comparison import Comparison, Variant


@dataclass(frozen=True)
class Finding:
    """The smallest variant and the baseline.

    If they are the same, the other one is the most accurate other variant on the validation images: a chosen baseline
    stays the baseline, and the smallest variant stays the subject otherwise.

    Attributes:
        subject: variant that is described.
        params_ratio: parameters of the baseline as a multiple of those of the subject; NaN if one is unknown.
        accuracy: of the subject minus that of the baseline, corrected for all pairs of the comparison.
        best: the most accurate variant on the validation images.
        best_accuracy: of the best variant minus that of the baseline; None if the pair is not compared.
    """

    subject: Variant
    baseline: Variant
    params_ratio: float
    accuracy: Difference
    best: Variant
    best_accuracy: Difference | None = None


def compute_finding(comparison: Comparison) -> Finding | None:
    """Return the main finding; None if there is only one variant."""
    if len(comparison.variants) < 2:
        return None
    subject, baseline, best = find_smallest(comparison), find_baseline(comparison), find_best(comparison)
    if subject is baseline:
        other = find_best(comparison, but=subject)
        subject, baseline = (other, baseline) if comparison.baseline else (subject, other)
    differences = compute_differences(comparison)
    accuracy = _find_difference(differences, subject, baseline)
    assert accuracy is not None
    few, many = subject.first.record.cost.params, baseline.first.record.cost.params
    ratio = many / few if few and many else math.nan
    return Finding(subject, baseline, ratio, accuracy, best, _find_difference(differences, best, baseline))


def _find_difference(differences: list[Difference], a: Variant, b: Variant) -> Difference | None:
    found = next((one for one in differences if {one.a, one.b} == {a.label, b.label}), None)
    return found if found is None or found.a == a.label else found.reverse()
