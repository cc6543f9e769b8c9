"""How long trainings will take, judged from those that finished."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.architecture.model import Model

_ONE_RUN_FACTOR = 2.0
_TELLING_FACTOR = 4.0
_REACH = 10.0


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
    """Seconds to start, plus the operations to come times the seconds that each took in the finished runs.

    Runs trained in this home count. The examples, from other machines, join them only where a training to come is more
    than ten times as large as any trained here: small runs know the start, and little of the rest.

    Args:
        frame: the finished runs, as `RunStore.frame` has them.
        models: one a training to come, in the order of the queue.
        epochs: of each training.
        images: trained on in each epoch, validation images not counted.
        slots: trainings side by side.

    Returns:
        None when nothing has been trained yet.
    """
    flops = frame["flops"].astype(float) * frame["fitted_images"].astype(float) * frame["epochs"].astype(float)
    runs = pd.DataFrame({"flops": flops, "seconds": frame["train_seconds"].astype(float), "source": frame["source"]})
    runs = runs[(runs["flops"] > 0) & (runs["seconds"] > 0)]
    to_come = [float(model.flops) * images * epochs for model in models]
    at_home = runs[runs["source"] == "home"]
    if len(at_home) and max(to_come, default=0.0) <= _REACH * at_home["flops"].max():
        runs = at_home
    if runs.empty:
        return None
    done, took = runs["flops"].to_numpy(), runs["seconds"].to_numpy()
    start, pace = _fit(done, took)
    ratios = took / (start + pace * done)
    low, middle, high = (float(value) for value in np.quantile(ratios, (0.1, 0.5, 0.9)))
    if len(runs) == 1:
        low, high = middle / _ONE_RUN_FACTOR, middle * _ONE_RUN_FACTOR
    seconds = _longest([start + pace * amount for amount in to_come], slots)
    return Estimate(seconds * middle, seconds * low, seconds * high, len(runs))


def _fit(flops: NDArray[np.float64], seconds: NDArray[np.float64]) -> tuple[float, float]:
    """Seconds to start and seconds a floating-point operation, neither below 0, with the least relative errors.

    Runs that are all about as large cannot tell the two apart: then there is no start.
    """
    pace = float(np.median(seconds / flops))
    if flops.max() < _TELLING_FACTOR * flops.min():
        return 0.0, pace
    shares = np.column_stack([1 / seconds, pace * flops / seconds])
    (start, share), *_ = np.linalg.lstsq(shares, np.ones(len(seconds)))
    if start < 0:  # of what is allowed, no start is nearest
        start, share = 0.0, float(np.linalg.lstsq(shares[:, 1:], np.ones(len(seconds)))[0][0])
    return (float(start), float(share) * pace) if share > 0 else (0.0, pace)


def _longest(amounts: Sequence[float], slots: int) -> float:
    """When the last is done, if each begins as soon as a slot is free."""
    ends = [0.0] * max(slots, 1)
    for amount in amounts:
        heapq.heapreplace(ends, ends[0] + amount)
    return max(ends)
