"""Early stopping."""

import math
from collections.abc import Collection

from core.spec import RunSpec


def is_over(spec: RunSpec, val_losses: Collection[float]) -> bool:
    """Return whether training stops after epochs with these validation losses: after `spec.epochs` epochs, or after
    `spec.patience` epochs without a new minimum.

    Depends only on the history, so training that resumes from a checkpoint stops at the same epoch. NaN is never a new
    minimum.

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
