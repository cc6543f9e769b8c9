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
    """Exponential running mean, corrected for its start (Kingma & Ba 2015, Adam, section 3): the first value stays.

    NaN stays where it is and is left out of what follows.
    """
    if not 0 < weight < 1:
        return values
    series = pd.Series(values, dtype="float64")
    return series.ewm(alpha=1 - weight, ignore_na=True).mean().where(series.notna()).to_numpy()


def compute_curves(comparison: Comparison, metric: str, x: str = "epoch", smoothing: float = 0.0) -> pd.DataFrame:
    """Columns head, seed, split, epoch, seconds, value; seed is MEAN (−1) for the mean over a head's seeds.

    A mean covers what all seeds of its head share. By epoch it ends where the shortest run ends. By seconds it runs
    from the latest start to the earliest end, and as no two runs end an epoch at the same second, the seeds are read
    off at times common to all heads, about POINTS of them; `epoch` is then NaN. Seeds that never train at the same
    time have no mean.
    """
    members = {c.label: [run for run in c.runs if len(run.history)] for c in comparison.variants}
    members = {head: runs for head, runs in members.items() if runs}
    grid = _common_times(members) if x == "seconds" else None
    parts: list[pd.DataFrame] = []
    for head, runs in members.items():
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
    """The curves at no more than POINTS epochs, evenly spaced and the same for all lines, and at the end of each line.

    A picture is not wide enough for more; what lies between two kept epochs is not drawn. Points without an epoch,
    those of a mean by seconds, all stay.
    """
    epochs = np.unique(curves["epoch"].dropna())
    ends = curves.groupby(_LINE)["epoch"].max()
    return curves[curves["epoch"].isna() | curves["epoch"].isin([*_thin(epochs), *ends])].reset_index(drop=True)


def _thin(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most POINTS of them, the first and the last among these."""
    if len(values) <= POINTS:
        return values
    return values[np.linspace(0, len(values) - 1, POINTS).round().astype(int)]


def _common_times(members: dict[str, list[Run]]) -> NDArray[np.float64]:
    """Seconds at which epochs of any run ended, close together where much happens, with every head's first and last."""
    times = [[run.history["seconds"].to_numpy() for run in runs] for runs in members.values()]
    bounds = [bound for runs in times for bound in _shared(runs)]
    return np.unique([*_thin(np.unique(np.concatenate([each for runs in times for each in runs]))), *bounds])


def _shared(times: list[NDArray[np.float64]]) -> tuple[float, float]:
    """From when to when all seeds of a head have a value."""
    return max(float(each[0]) for each in times), min(float(each[-1]) for each in times)


def _mean_by_epoch(lines: list[pd.DataFrame]) -> pd.DataFrame:
    together = pd.concat(lines).groupby("epoch", as_index=False)[["seconds", "value"]]
    return together.mean(skipna=False)[together.size()["size"] == len(lines)]


def _mean_by_seconds(lines: list[pd.DataFrame], grid: NDArray[np.float64]) -> pd.DataFrame:
    start, end = _shared([line["seconds"].to_numpy() for line in lines])
    grid = grid[(start <= grid) & (grid <= end)]
    values = [np.interp(grid, line["seconds"], line["value"]) for line in lines]
    return pd.DataFrame({"epoch": np.nan, "seconds": grid, "value": np.mean(values, axis=0)})
