"""Check for undertraining: a validation loss that still decreases at the end of training."""

from math import ceil

from core.analysis.check import Result, check, list_affected
from core.store.comparison import Comparison
from core.store.run import Run

_LAST = 0.2  # of the epochs, at least _MIN_EPOCHS
_MIN_EPOCHS = 4
_DECREASE = 0.02


@check(code="H07", title="Undertrained", severity="warning")
def undertrained(comparison: Comparison) -> Result:
    """**Check:** the validation loss has stopped decreasing. The last fifth of the epochs (at least four) is split into
    halves: the loss still decreases if the mean of the second half is more than 2% below that of the first. A head is
    listed if at least half of its seeds fail.

    **Why it matters:** heads converge at different speeds. If training stops early, the faster head appears better,
    even if the slower one would be more accurate after convergence.

    **What to do:** train for more epochs. Training continues from the last epoch of each run, for all heads together,
    so that their training budgets remain equal.
    """
    if min(len(run.history) for run in comparison.runs) < 2:
        return Result("not applicable", "This check needs at least two epochs.")
    affected = list_affected(comparison, _is_undertrained)
    if affected:
        listed = ", ".join(affected)
        return Result("failed", f"The validation loss still decreases at the end: {listed}. Train for more epochs.")
    return Result("passed", "The validation loss has stopped decreasing in most seeds of every head.")


def _is_undertrained(run: Run) -> bool:
    loss = run.history["val_loss"].to_numpy()
    last = loss[-max(_MIN_EPOCHS, ceil(_LAST * len(loss))) :]
    half = len(last) // 2
    return bool(last[half:].mean() < (1 - _DECREASE) * last[:half].mean())  # False if a loss is NaN
