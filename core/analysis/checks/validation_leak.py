"""Check that no validation images are among the training images."""

from core.analysis.check import Result, check
from core.analysis.leakage import read_leakage
from core.datasets.findings.image_findings import describe_bias
from core.store.comparison import Comparison

_SHARE = 0.01


@check(
    code="H19",
    title="Validation images among the training images",
    severity="warning",
    findings=("leaked_validation_images", "near_leaked_validation_images"),
)
def validation_leak(comparison: Comparison) -> Result:
    """**Check:** fewer than 1% of the validation images of every run have a copy, or nearly the same picture,
    among its training images.

    **Why it matters:** the validation images choose the best epoch and the baseline. If a head has seen them in
    training, the choice favours heads that memorize.

    **What to do:** remove the copies, or use a predefined validation split without them.
    """
    leakage = read_leakage(comparison)
    if isinstance(leakage, str):
        return Result("not applicable", leakage)
    count, total = leakage.validation, leakage.validation_total
    if not count:
        return Result("passed", "No validation image is among the training images.")
    verb = "is" if count == 1 else "are"
    what = f"{count:,} of {total:,} validation images {verb} also, or nearly, among the training images"
    effect = describe_bias(count, total, "validation")
    if count >= _SHARE * total:
        return Result("failed", f"{what}: {effect}")
    return Result("passed", f"Fewer than 1% of the validation images are affected ({what}): {effect}")
