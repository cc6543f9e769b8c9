"""Check that no variant was dropped by an advice."""

from core.analysis.check import MAX_NAMES, Result, check
from core.store.comparison import Comparison


@check(code="H24", title="Dropped by an advice", severity="warning")
def dropped(comparison: Comparison) -> Result:
    """**Check:** no variant is a candidate that an advice trained and did not choose as a finalist.

    **Why it matters:** an advice selects its finalists by validation accuracy, and reads the test images for them only.
    If a candidate that it dropped is selected now because of its test accuracy, the test images have selected it, and
    this accuracy is too high.

    **What to do:** use the comparison to understand the answer, and do not select by its test accuracy. To compare such
    a variant like any other, train it from the Train page.
    """
    found = [variant.label for variant in comparison.variants if any(run.is_withheld for run in variant.runs)]
    if not found:
        return Result("passed", "No variant was dropped by an advice.")
    more = [f"{len(found) - MAX_NAMES} more"] if len(found) > MAX_NAMES else []
    return Result(
        "failed",
        f"An advice trained {' and '.join([*found[:MAX_NAMES], *more])}, and has not chosen "
        f"{'them as finalists' if len(found) > 1 else 'it as a finalist'} by validation accuracy. Do not select by the "
        "test accuracy.",
    )
