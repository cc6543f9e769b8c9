"""Whether the trainings ended before they were done."""

from math import ceil

from core.analysis.check import Result, check, tell_runs
from core.store.comparison import Comparison
from core.store.run import Run

_LAST = 0.2  # of the epochs, at least _FEWEST of them
_FEWEST = 4
_FALL = 0.02


@check(code="H07", title="Under-trained", severity="warning")
def undertrained(comparison: Comparison) -> Result:
    """**Asked:** was the validation loss still falling at the end? The last fifth of the epochs, four at least, is cut
    in halves; where the mean of the later half lies more than 2 % below that of the earlier one, the loss still falls.
    A head is named when half of its seeds or more are so.

    **Why it matters:** heads learn at different speeds. Of two trainings that are both stopped early, the quicker one
    looks better, whatever the end would have been.

    **What to do:** train longer. The runs go on from their last epoch, and nothing that they learned is lost. All
    heads go on together, so that their budgets stay equal.
    """
    if min(len(run.history) for run in comparison.runs) < 2:
        return Result("not applicable", "A single epoch shows no trend.")
    told = tell_runs(comparison, _falls)
    if told:
        return Result("failed", f"The validation loss was still falling at the end: {', '.join(told)}. Train longer.")
    return Result("passed", "The validation loss has stopped falling in most seeds of every head.")


def _falls(run: Run) -> bool:
    loss = run.history["val_loss"].to_numpy()
    last = loss[-max(_FEWEST, ceil(_LAST * len(loss))) :]
    half = len(last) // 2
    return bool(last[half:].mean() < (1 - _FALL) * last[:half].mean())  # never where one is NaN
