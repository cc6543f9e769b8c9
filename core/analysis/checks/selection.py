"""Check that the best variant is not selected from many on the test images."""

from core.analysis.check import Result, check
from core.analysis.selection import MANY, compute_optimism
from core.analysis.summary import describe_metric
from core.store.comparison import Comparison


@check(code="H16", title="Best of many on the test set", severity="warning")
def selection(comparison: Comparison) -> Result:
    """**Check:** the comparison has fewer than five variants.

    **Why it matters:** the best of many variants on the test images is partly the luckiest one. Its accuracy on these
    images is too high, by more with more variants, fewer images and fewer seeds.

    **What to do:** select by validation accuracy, as Headroom does for the baseline, and report the test accuracy of
    the selected variant only.
    """
    count = len(comparison.variants)
    if count < MANY:
        return Result("passed", f"The comparison has fewer than {MANY} variants.")
    best = max(comparison.variants, key=lambda variant: describe_metric(variant, "test_accuracy").mean)
    points = 100 * compute_optimism(comparison)
    return Result(
        "failed",
        f"{best.label} has the best test accuracy of {count} {comparison.noun}s. If all were equally accurate, the "
        f"best would still appear {points:.1f} points better than it is. Select by validation accuracy.",
    )
