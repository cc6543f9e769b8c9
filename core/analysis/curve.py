"""Learning curves over epochs or seconds, smoothed, with the mean over seeds."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.store.comparison import Comparison

MEAN = -1
_POINTS = 120
_COLUMNS = {"training": "{}", "validation": "val_{}"}


def smooth(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Exponential running mean, corrected for its start (Kingma & Ba 2015, Adam, section 3): the first value stays."""
    if not 0 < weight < 1:
        return values
    powers = weight ** np.arange(len(values), dtype=np.float64)
    sums = np.zeros(len(values))
    total = 0.0
    for i, value in enumerate(values):
        total = weight * total + (1 - weight) * value
        sums[i] = total
    return sums / (1 - weight * powers)


def compute_curves(comparison: Comparison, metric: str, x: str = "epoch", smoothing: float = 0.0) -> pd.DataFrame:
    """Columns head, seed, split, epoch, seconds, value; seed is MEAN (−1) for the mean over a head's seeds.

    By epoch the mean ends where the shortest run ends. By seconds the seeds are read off at common times between
    the latest start and the earliest end, as no two runs end an epoch at the same second; `epoch` is then NaN.
    """
    parts: list[pd.DataFrame] = []
    for contender in comparison.contenders:
        histories = [run.history for run in contender.runs if len(run.history)]
        for split, pattern in _COLUMNS.items():
            column = pattern.format(metric)
            lines = [
                pd.DataFrame(
                    {
                        "head": contender.label,
                        "seed": run.spec.seed,
                        "split": split,
                        "epoch": run.history["epoch"].astype("float64"),
                        "seconds": run.history["seconds"],
                        "value": smooth(run.history[column].to_numpy(), smoothing),
                    }
                )
                for run in contender.runs
                if len(run.history)
            ]
            if histories:
                parts += [*lines, _mean(lines, x).assign(head=contender.label, seed=MEAN, split=split)]
    columns = ["head", "seed", "split", "epoch", "seconds", "value"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns]


def _mean(lines: list[pd.DataFrame], x: str) -> pd.DataFrame:
    if x == "epoch":
        together = pd.concat(lines).groupby("epoch", as_index=False)[["seconds", "value"]]
        mean, count = together.mean(), together.size()["size"]
        return mean[count == len(lines)]
    start, end = max(line["seconds"].iloc[0] for line in lines), min(line["seconds"].iloc[-1] for line in lines)
    grid = np.linspace(start, end, _POINTS if end > start else 1)
    values = [np.interp(grid, line["seconds"], line["value"]) for line in lines]
    return pd.DataFrame({"epoch": np.nan, "seconds": grid, "value": np.mean(values, axis=0)})
