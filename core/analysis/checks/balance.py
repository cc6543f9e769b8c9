"""Check that the majority baseline is not much more accurate than chance."""

from core.analysis.check import Result, check
from core.analysis.class_balance import compute_majority, is_imbalanced
from core.store.comparison import Comparison


@check(code="H10", title="Imbalanced classes", severity="warning")
def balance(comparison: Comparison) -> Result:
    """**Check:** the most frequent class of the test set is less than 1.25 times as frequent as in a balanced test set.

    **Why it matters:** if 90% of the images belong to one class, a model that always predicts this class (the majority
    baseline) has an accuracy of 90%. Accuracy then hides errors on the rare classes.

    **What to do:** compare each accuracy with the majority baseline, and read the balanced
    accuracy and the per-class metrics.
    """
    share = compute_majority(comparison)
    baseline = f"the majority baseline has an accuracy of {share:.1%}"
    if not is_imbalanced(share, len(comparison.first.record.data.classes)):
        return Result("passed", f"The classes are balanced: {baseline}.")
    return Result(
        "failed", f"The classes are imbalanced: {baseline}. Compare accuracies with it and read the per-class accuracy."
    )
