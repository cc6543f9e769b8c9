"""How long trainings will take, judged from those that finished."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.architecture.model import Model

_ONE_RUN_FACTOR = 2.0


@dataclass(frozen=True)
class Estimate:
    """Seconds from the first training's begin to the last one's end, with the range that 80 % of the finished runs
    would have predicted. `runs` is how many there were; one run alone is given a factor of 2 either way."""

    seconds: float
    low: float
    high: float
    runs: int


def estimate_seconds(
    frame: pd.DataFrame, models: Sequence[Model], epochs: int, images: int, slots: int
) -> Estimate | None:
    """The median time a floating-point operation took in training, times the operations to come.

    Runs trained in this home count; the examples, from other machines, only where there is none.

    Args:
        frame: the finished runs, as `RunStore.frame` has them.
        models: one a training to come, in the order of the queue.
        epochs: of each training.
        images: trained on in each epoch, validation images not counted.
        slots: trainings side by side.

    Returns:
        None when nothing has been trained yet.
    """
    work = frame["flops"].astype(float) * frame["fitted_images"].astype(float) * frame["epochs"].astype(float)
    rates = (frame["train_seconds"].astype(float) / work)[(work > 0) & (frame["train_seconds"] > 0)]
    at_home = rates[frame.loc[rates.index, "source"] == "home"]
    rates = at_home if len(at_home) else rates
    if rates.empty:
        return None
    flops = _longest([model.flops for model in models], slots) * float(images * epochs)
    low, middle, high = (float(rates.quantile(q)) for q in (0.1, 0.5, 0.9))
    if len(rates) == 1:
        low, high = middle / _ONE_RUN_FACTOR, middle * _ONE_RUN_FACTOR
    return Estimate(flops * middle, flops * low, flops * high, len(rates))


def _longest(amounts: Sequence[int], slots: int) -> int:
    """When the last is done, if each begins as soon as a slot is free."""
    ends = [0] * max(slots, 1)
    for amount in amounts:
        heapq.heapreplace(ends, ends[0] + amount)
    return max(ends)
