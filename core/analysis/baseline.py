"""Baseline of a comparison, and the pairs of variants that are compared."""

from itertools import combinations

import numpy as np

from core.analysis.summary import describe_metric
from core.store.comparison import Comparison, Variant, rank_spec

MAX_VARIANTS_PAIRED = 4


def has_common_baseline(comparison: Comparison) -> bool:
    """Return whether all variants are compared with the baseline only: it was chosen, or there are many variants."""
    return bool(comparison.baseline) or len(comparison.variants) > MAX_VARIANTS_PAIRED


def list_compared(comparison: Comparison) -> list[tuple[Variant, Variant]]:
    """Return the pairs of variants to compare.

    All pairs for up to MAX_VARIANTS_PAIRED variants without a chosen baseline; otherwise each variant with the baseline
    (see `find_baseline`).
    """
    if not has_common_baseline(comparison):
        return list(combinations(comparison.variants, 2))
    baseline = find_baseline(comparison)
    return [(variant, baseline) for variant in comparison.variants if variant is not baseline]


def find_smallest(comparison: Comparison) -> Variant:
    """Return the variant with the fewest parameters; of equal ones the most accurate on the validation images.

    Further ties are resolved by the hyperparameters, as many variants are sorted by test accuracy.
    """
    return min(
        comparison.variants,
        key=lambda variant: (count_params(variant), -_validation_accuracy(variant), rank_spec(variant.spec)),
    )


def find_best(comparison: Comparison, but: Variant | None = None) -> Variant:
    """Return the variant, except `but`, that is the most accurate on the validation images.

    Selection by test accuracy would bias the difference on the same test images. Of equal ones it is the one with the
    most parameters, then the first one by hyperparameters.
    """
    others = [variant for variant in comparison.variants if variant is not but] or [*comparison.variants]
    return min(
        others,
        key=lambda variant: (-_validation_accuracy(variant), -count_params(variant), rank_spec(variant.spec)),
    )


def find_baseline(comparison: Comparison) -> Variant:
    """Return the chosen baseline, by default the best variant (see `find_best`)."""
    chosen = (variant for variant in comparison.variants if variant.key == comparison.baseline)
    return next(chosen, None) or find_best(comparison)


def count_params(variant: Variant) -> float:
    """Return the number of parameters of the model; infinity if it is unknown, so that it is not the smallest."""
    params = variant.first.record.cost.params
    return np.inf if params is None else params


def _validation_accuracy(variant: Variant) -> float:
    accuracy = describe_metric(variant, "validation_accuracy").mean
    return accuracy if np.isfinite(accuracy) else -1.0
