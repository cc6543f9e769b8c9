"""Trend of the validation loss at the end of training: decreasing, increasing or stable.

A run has exactly one trend and a head has at most one, so that checks of different trends never list the same head.
"""

from math import ceil
from typing import Literal

import numpy as np

from core.store.comparison import Comparison
from core.store.run import Run

Trend = Literal["decreasing", "increasing", "stable"]

MIN_EPOCHS = {"decreasing": 2, "increasing": 5}
_LAST = 0.2  # of the epochs, at least _LAST_EPOCHS
_LAST_EPOCHS = 4
_DECREASE = 0.02
_WINDOW = 3
_RISE = 0.1


def find_trend(run: Run) -> Trend:
    """Return the trend of the validation loss of a run; "stable" if its best epoch is kept or a loss is NaN.

    "increasing": the loss ends more than 10% above its minimum while the training loss decreases further, both as
    moving averages over three epochs. Otherwise "decreasing": the last fifth of the epochs (at least four) is split
    into halves, the mean of the second half is more than 2% below that of the first, and the lowest loss of all epochs
    is in one of them.
    """
    if _ends_above_minimum(run):
        return "increasing" if run.spec.keep == "last" else "stable"
    return "decreasing" if _decreases(run) else "stable"


def list_heads(comparison: Comparison, trend: Trend) -> list[str]:
    """Return the heads of which more than half of the seeds have a trend, such as "GAP (2 of 3 seeds)"."""
    found = []
    for variant in comparison.variants:
        count, seeds = sum(find_trend(run) == trend for run in variant.runs), len(variant.runs)
        if 2 * count > seeds:
            found.append(variant.label + (f" ({count} of {seeds} seeds)" if seeds > 1 else ""))
    return found


def _ends_above_minimum(run: Run) -> bool:
    if len(run.history) < MIN_EPOCHS["increasing"]:
        return False
    losses = run.history[["loss", "val_loss"]].to_numpy(np.float64)
    means = np.lib.stride_tricks.sliding_window_view(losses, _WINDOW, axis=0).mean(axis=-1)
    means = means[np.isfinite(means).all(axis=1)]
    if not len(means):
        return False
    (loss, val_loss), (last_loss, last_val_loss) = means[means[:, 1].argmin()], means[-1]
    return bool(last_val_loss > (1 + _RISE) * val_loss and last_loss < loss)


def _decreases(run: Run) -> bool:
    loss = run.history["val_loss"].to_numpy(np.float64)
    if not np.isfinite(loss[-1:]).all():
        return False
    last = loss[-max(_LAST_EPOCHS, ceil(_LAST * len(loss))) :]
    half = len(last) // 2
    is_lowest = loss.argmin() >= len(loss) - len(last)
    return bool(half and is_lowest and last[half:].mean() < (1 - _DECREASE) * last[:half].mean())
