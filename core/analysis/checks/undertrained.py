"""Check for undertraining: a validation loss that still decreases at the end of training."""

from core.analysis.check import Result, check, list_names
from core.analysis.loss_trend import MIN_EPOCHS, list_heads
from core.store.comparison import Comparison


@check(code="H07", title="Undertrained", severity="warning")
def undertrained(comparison: Comparison) -> Result:
    """**Check:** the validation loss has stopped decreasing. The last fifth of the epochs (at least four) is split into
    halves: the loss still decreases if the mean of the second half is more than 2% below that of the first, and the
    lowest loss of all epochs is in one of them. A run that overfits (H08) is not undertrained. A variant is listed if
    more than half of its seeds fail.

    **Why it matters:** variants converge at different speeds. If training stops early, the faster variant appears
    better, even if the slower one would be more accurate after convergence.

    **What to do:** train for more epochs. Training continues from the last epoch of each run, for all variants
    together, so that their training budgets remain equal. If another variant overfits, train all variants again for
    more epochs and keep the epoch with the best validation loss.
    """
    if min(len(run.history) for run in comparison.runs) < MIN_EPOCHS["decreasing"]:
        return Result("not applicable", "This check needs at least two epochs.")
    affected = list_heads(comparison, "decreasing")
    if affected:
        advice = "Train for more epochs"
        if list_heads(comparison, "increasing"):
            advice = f"Train all {comparison.noun}s for more epochs and keep the epoch with the best validation loss"
        listed = list_names(affected, comparison)
        return Result("failed", f"The validation loss still decreases at the end: {listed}. {advice}.")
    return Result(
        "passed", f"In no {comparison.noun} does the validation loss of most seeds still decrease at the end."
    )
