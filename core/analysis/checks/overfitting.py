"""Check for overfitting: a final validation loss well above its minimum."""

import pandas as pd

from core.analysis.check import Result, check, list_affected
from core.store.comparison import Comparison
from core.store.run import Run

_WINDOW = 3
_MIN_EPOCHS = 5
_RISE = 0.1


@check(code="H08", title="Overfitting", severity="warning")
def overfitting(comparison: Comparison) -> Result:
    """**Check:** the final validation loss is at most 10% above its minimum, or the training loss did not decrease
    further. Both losses are moving averages over three epochs. A head is listed if at least half of its seeds fail.

    **Why it matters:** after the minimum the model memorizes its training images (overfitting). Accuracy often remains
    constant while the model becomes overconfident, so the loss and the calibration degrade first. A head with many
    parameters overfits earlier and might be better with fewer epochs.

    **What to do:** train again with the hyperparameter "Kept epoch" set to the best validation loss. Each run then
    keeps the weights of its best epoch, and this check passes. Or add dropout, an L2 penalty or augmentation to all
    heads.
    """
    if min(len(run.history) for run in comparison.runs) < _MIN_EPOCHS:
        return Result("not applicable", f"This check needs at least {_MIN_EPOCHS} epochs.")
    affected = list_affected(comparison, _is_overfitted)
    if affected:
        listed = ", ".join(affected)
        return Result(
            "failed",
            f"Overfitting: the validation loss ends well above its minimum: {listed}. "
            "Keep the epoch with the best validation loss, or use more regularization.",
        )
    return Result("passed", "No overfitting: in most seeds of every head the validation loss ends near its minimum.")


def _is_overfitted(run: Run) -> bool:
    if run.spec.keep != "last":
        return False
    means: pd.DataFrame = run.history[["loss", "val_loss"]].rolling(_WINDOW).mean().dropna()
    if means.empty:
        return False
    minimum, end = means.iloc[int(means["val_loss"].argmin())], means.iloc[-1]
    return bool(end["val_loss"] > (1 + _RISE) * minimum["val_loss"] and end["loss"] < minimum["loss"])
