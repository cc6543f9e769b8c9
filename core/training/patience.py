"""When a training is over: at its last epoch, or when its patience is at an end."""

import math
from collections.abc import Collection

from core.spec import RunSpec


def is_over(spec: RunSpec, val_losses: Collection[float]) -> bool:
    """Whether no epoch follows those that ended with `val_losses`.

    It follows from the history alone, so a training that goes on from a checkpoint ends where it would have ended. A
    loss has to be lower than all before it to count as better; NaN never is.

    >>> is_over(RunSpec(patience=2), [1.0, 0.5, 0.6]), is_over(RunSpec(patience=2), [1.0, 0.5, 0.6, 0.5])
    (False, True)
    """
    if len(val_losses) >= spec.epochs:
        return True
    if spec.patience is None:
        return False
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
    return len(val_losses) - best_epoch >= spec.patience
