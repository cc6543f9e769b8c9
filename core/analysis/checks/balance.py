"""Whether always guessing the commonest class would score well."""

from core.analysis.check import Result, check
from core.store.comparison import Comparison

_UNBALANCED = 1.25  # times the share of a class among equals


@check(code="H10", title="Unbalanced classes", severity="warning")
def balance(comparison: Comparison) -> Result:
    """**Asked:** is the commonest class among the test images more than 1.25 times as frequent as each would be among
    equals?

    **Why it matters:** where 90 % of the images show one class, a model that has learned nothing scores 90 %. Accuracy
    hides then what happens to the rare classes.

    **What to do:** read accuracies against that floor, and look at the accuracy of each class.
    """
    data = comparison.first.record.data
    if data.majority is None:
        return Result("not applicable", "The runs do not say how frequent the commonest class is.")
    floor = f"always guessing the commonest one scores {data.majority:.1%} here"
    if data.majority * len(data.classes) < _UNBALANCED:
        return Result("passed", f"The classes are balanced: {floor}.")
    return Result("failed", f"The classes are unbalanced: {floor}.")
