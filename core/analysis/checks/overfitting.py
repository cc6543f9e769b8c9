"""Whether the trainings went on after they had learned what there was to learn."""

import pandas as pd

from core.analysis.check import Result, check, tell_runs
from core.store.comparison import Comparison
from core.store.run import Run

_WINDOW = 3
_FEWEST = 5
_RISE = 0.1


@check(code="H08", title="Over-fitting", severity="warning")
def overfitting(comparison: Comparison) -> Result:
    """**Asked:** does the validation loss end more than 10 % above its lowest, while the training loss fell on? Both
    are means over three epochs, so that one odd epoch decides nothing. A head is named when half of its seeds or more
    are so.

    **Why it matters:** from there on a model learns its training images by heart. Accuracy often stays as it is while
    the probabilities become too sure, so losses and calibration suffer first. A head with many parameters gets there
    sooner, and fewer epochs might have served it better.

    **What to do:** look where the curve turns, and set against it a training of that many epochs; or add dropout, an
    L2 penalty or augmentation to both heads.
    """
    if min(len(run.history) for run in comparison.runs) < _FEWEST:
        return Result("not applicable", f"Fewer than {_FEWEST} epochs show no turn.")
    told = tell_runs(comparison, _rises)
    if told:
        return Result("failed", f"The validation loss ends well above its lowest: {', '.join(told)}.")
    return Result("passed", "The validation loss ends near its lowest in most seeds of every head.")


def _rises(run: Run) -> bool:
    means: pd.DataFrame = run.history[["loss", "val_loss"]].rolling(_WINDOW).mean().dropna()
    if means.empty:
        return False
    turn, end = means.iloc[int(means["val_loss"].argmin())], means.iloc[-1]
    return bool(end["val_loss"] > (1 + _RISE) * turn["val_loss"] and end["loss"] < turn["loss"])
