"""Check that every variant is more accurate than the majority baseline."""

from core.analysis.check import Result, check, list_names
from core.analysis.class_balance import compute_majority
from core.analysis.correctness import stack_correct
from core.analysis.crossed import compute_accuracy_interval
from core.store.comparison import Comparison


@check(code="H15", title="Not better than the majority baseline", severity="serious")
def majority(comparison: Comparison) -> Result:
    """**Check:** the 95% confidence interval of the test accuracy of every variant is above the majority baseline: the
    accuracy of always predicting the most frequent class of the test set.

    **Why it matters:** with imbalanced classes a variant can have a high accuracy without having learned anything. A
    comparison with such a variant does not show which variant is better.

    **What to do:** train longer or with another learning rate, and read the per-class accuracy.
    """
    share = compute_majority(comparison)
    affected, highest = [], 0.0
    for variant in comparison.variants:
        mean, low, high = compute_accuracy_interval(stack_correct(variant))
        if low <= share:
            affected.append(f"{variant.label} ({mean:.1%})")
            highest = max(highest, high)
    if affected:
        listed = list_names(affected, comparison)
        if highest < share:
            message = f"Less accurate than always predicting the most frequent class ({share:.1%}): {listed}."
        else:
            message = f"No more accurate than the majority baseline ({share:.1%}), within the uncertainty: {listed}."
        return Result("failed", message)
    return Result("passed", f"Every {comparison.noun} is more accurate than the majority baseline ({share:.1%}).")
