"""Check for overfitting: a final validation loss well above its minimum."""

from core.analysis.check import Result, check, list_names
from core.analysis.loss_trend import MIN_EPOCHS, list_heads
from core.store.comparison import Comparison


@check(code="H08", title="Overfitting", severity="warning")
def overfitting(comparison: Comparison) -> Result:
    """**Check:** the final validation loss is at most 10% above its minimum, or the training loss did not decrease
    further. Both losses are moving averages over three epochs. A variant is listed if more than half of its seeds fail.

    **Why it matters:** after the minimum the model memorizes its training images (overfitting). Accuracy often remains
    constant while the model becomes overconfident, so the loss and the calibration degrade first. A variant with many
    parameters overfits earlier, and its last epoch is then not its best.

    **What to do:** train again with the hyperparameter "Kept epoch" set to the best validation loss. Each run then
    keeps the weights of its best epoch, and this check passes. Or add dropout, an L2 penalty or augmentation to all
    heads.
    """
    fewest = MIN_EPOCHS["increasing"]
    if min(len(run.history) for run in comparison.runs) < fewest:
        return Result("not applicable", f"This check needs at least {fewest} epochs.")
    affected = list_heads(comparison, "increasing")
    if affected:
        listed = list_names(affected, comparison)
        return Result(
            "failed",
            f"Overfitting: the validation loss ends well above its minimum: {listed}. "
            "Keep the epoch with the best validation loss, or use more regularization.",
        )
    return Result("passed", f"No {comparison.noun} overfits in most of its seeds, or its best epoch is kept.")
