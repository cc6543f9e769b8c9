"""Learning curves over epochs or seconds, smoothed, with the mean over seeds."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.store.comparison import Comparison
from core.store.run import Run

MEAN = -1
POINTS = 200
_LINE = ["head", "seed", "split"]
_SPLITS = {"training": "{}", "validation": "val_{}"}


def smooth(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the bias-corrected exponential moving average of the values; NaN values are kept and skipped.

    Source: Kingma & Ba 2015, Adam, section 3.
    """
    if not 0 < weight < 1:
        return values
    series = pd.Series(values, dtype="float64")
    return series.ewm(alpha=1 - weight, ignore_na=True).mean().where(series.notna()).to_numpy()


def compute_curves(comparison: Comparison, metric: str, x: str = "epoch", smoothing: float = 0.0) -> pd.DataFrame:
    """Return learning curves: columns head, seed, split, epoch, seconds, value.

    Rows with seed MEAN (−1) are the mean over the seeds of a head. It covers the range that all seeds share: by epoch
    it ends with the shortest run; by seconds it starts with the latest start and ends with the earliest end. By
    seconds the seeds are interpolated at about POINTS times common to all heads, and `epoch` is NaN. Seeds without a
    common range have no mean.
    """
    runs_of = {c.label: [run for run in c.runs if len(run.history)] for c in comparison.variants}
    runs_of = {head: runs for head, runs in runs_of.items() if runs}
    grid = _common_times(runs_of) if x == "seconds" else None
    parts: list[pd.DataFrame] = []
    for head, runs in runs_of.items():
        for split, pattern in _SPLITS.items():
            column = pattern.format(metric)
            lines = [
                pd.DataFrame(
                    {
                        "seed": run.spec.seed,
                        "epoch": run.history["epoch"].astype("float64"),
                        "seconds": run.history["seconds"],
                        "value": smooth(run.history[column].to_numpy(), smoothing),
                    }
                )
                for run in runs
            ]
            mean = _mean_by_epoch(lines) if grid is None else _mean_by_seconds(lines, grid)
            parts += [line.assign(head=head, split=split) for line in (*lines, mean.assign(seed=MEAN))]
    columns = [*_LINE, "epoch", "seconds", "value"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def thin_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Keep at most POINTS evenly spaced epochs, the same for all lines, and the last epoch of each line.

    A chart is not wide enough for more. Points without an epoch (means by seconds) are kept.
    """
    epochs = np.unique(curves["epoch"].dropna())
    ends = curves.groupby(_LINE)["epoch"].max()
    return curves[curves["epoch"].isna() | curves["epoch"].isin([*_thin(epochs), *ends])].reset_index(drop=True)


def _thin(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return at most POINTS evenly spaced values, including the first and the last."""
    if len(values) <= POINTS:
        return values
    return values[np.linspace(0, len(values) - 1, POINTS).round().astype(int)]


def _common_times(runs_of: dict[str, list[Run]]) -> NDArray[np.float64]:
    """Return the times of the means: about POINTS ends of epochs of any run, and the shared range of each head."""
    times = [[run.history["seconds"].to_numpy() for run in runs] for runs in runs_of.values()]
    bounds = [bound for runs in times for bound in _shared(runs)]
    return np.unique([*_thin(np.unique(np.concatenate([each for runs in times for each in runs]))), *bounds])


def _shared(times: list[NDArray[np.float64]]) -> tuple[float, float]:
    """Return the first and the last time at which all seeds of a head have a value."""
    return max(float(each[0]) for each in times), min(float(each[-1]) for each in times)


def _mean_by_epoch(lines: list[pd.DataFrame]) -> pd.DataFrame:
    groups = pd.concat(lines).groupby("epoch", as_index=False)[["seconds", "value"]]
    return groups.mean(skipna=False)[groups.size()["size"] == len(lines)]


def _mean_by_seconds(lines: list[pd.DataFrame], grid: NDArray[np.float64]) -> pd.DataFrame:
    start, end = _shared([line["seconds"].to_numpy() for line in lines])
    grid = grid[(start <= grid) & (grid <= end)]
    values = [np.interp(grid, line["seconds"], line["value"]) for line in lines]
    return pd.DataFrame({"epoch": np.nan, "seconds": grid, "value": np.mean(values, axis=0)})
