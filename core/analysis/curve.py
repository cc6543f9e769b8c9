"""Learning curves over epochs or seconds, smoothed, with mean and band over seeds, and their best and last values."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.seed_mean import SeedMean
from core.analysis.summary import compute_seed_mean
from core.interval import quantile_t
from core.store.comparison import Comparison
from core.store.run import Run

Band = Literal["std", "interval", "none"]
"""Sample standard deviation over seeds, 95% confidence interval of the mean (Student's t), or no band."""

MEAN = -1
POINTS = 200
_FEWEST_POINTS, _MOST_ROWS = 25, 20_000
COLUMNS = ("head", "seed", "split", "epoch", "seconds", "value", "raw", "low", "high")
SPLIT_METRICS = ("accuracy", "loss")
"""Metrics with a value per split; the others have one value per epoch, which counts as training."""

_LINE = ["head", "seed", "split"]
_Line = dict[str, Any]
"""Values of one line by column: arrays of shape (points,), or one value for all points."""

_SPLITS = {"training": "{}", "validation": "val_{}"}


def smooth(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the bias-corrected exponential moving average of the values; NaN values are kept and skipped.

    Source: Kingma & Ba 2015, Adam, section 3.
    """
    if not 0 < weight < 1:
        return values
    series = pd.Series(values, dtype="float64")
    return series.ewm(alpha=1 - weight, ignore_na=True).mean().where(series.notna()).to_numpy()


def compute_curves(
    comparison: Comparison, metric: str, x: str = "epoch", smoothing: float = 0.0, band: Band = "std"
) -> pd.DataFrame:
    """Return learning curves: the columns COLUMNS. `raw` is the value before smoothing.

    Rows with seed MEAN (−1) are the mean over the seeds of a head, with the bounds of `band` (NaN for one seed). It
    covers the range that all seeds share: by epoch it ends with the shortest run; by seconds it starts with the latest
    start and ends with the earliest end. By seconds the seeds are interpolated at about POINTS times common to all
    heads, and `epoch` is NaN. Seeds without a common range have no mean.
    """
    runs_of = {c.label: [run for run in c.runs if len(run.history)] for c in comparison.variants}
    runs_of = {head: runs for head, runs in runs_of.items() if runs}
    grid = _common_times(runs_of) if x == "seconds" else None
    parts: list[_Line] = []
    for head, runs in runs_of.items():
        for split in _SPLITS if metric in SPLIT_METRICS else ("training",):
            lines = [_build_line(run, metric, split, smoothing) for run in runs]
            parts += [line | {"head": head, "split": split} for line in (*lines, _average(lines, grid, band))]
    return _join(parts) if parts else pd.DataFrame(columns=[*COLUMNS])


@dataclass(frozen=True)
class Extremes:
    """Best and last value of a metric of a variant: means over the seeds, and the epochs of each seed with a value."""

    head: str
    split: str
    best: SeedMean
    best_epochs: tuple[int, ...]
    last: SeedMean
    last_epochs: tuple[int, ...]


def compute_extremes(comparison: Comparison, metric: str) -> list[Extremes]:
    """Return the best and the last values of a metric, without smoothing: per seed, then averaged.

    The best accuracy is the highest; the best value of other metrics is the lowest, and the earliest of equal ones.
    A variant without a finished epoch is omitted. The mean is NaN if a seed has no such value, because it diverged.
    """
    found = []
    for variant in comparison.variants:
        runs = [run for run in variant.runs if len(run.history)]
        for split in (_SPLITS if metric in SPLIT_METRICS else ("training",)) if runs else ():
            values = [read_epoch_values(run, metric, split) for run in runs]
            best = [_find_best(each, metric) for each in values]
            found.append(
                Extremes(
                    variant.label,
                    split,
                    compute_seed_mean(
                        [np.nan if i is None else float(v[i]) for v, i in zip(values, best, strict=True)]
                    ),
                    tuple(i + 1 for i in best if i is not None),
                    compute_seed_mean([float(each[-1]) for each in values]),
                    tuple(map(len, values)),
                )
            )
    return found


def read_epoch_values(run: Run, metric: str, split: str) -> NDArray[np.float64]:
    """Return the values of a metric, float64 of shape (epochs,): a column of the history, the seconds that each epoch
    took, or the learning rate, which is the same in every epoch."""
    if metric == "epoch_seconds":
        return np.diff(run.history["seconds"].to_numpy(), prepend=0.0)
    if metric == "learning_rate":
        return run.learning_rates
    return run.history[_SPLITS[split].format(metric)].to_numpy()


def _find_best(values: NDArray[np.float64], metric: str) -> int | None:
    if np.isnan(values).all():
        return None
    return int(np.nanargmax(values) if metric == "accuracy" else np.nanargmin(values))


def _build_line(run: Run, metric: str, split: str, smoothing: float) -> _Line:
    raw = read_epoch_values(run, metric, split)
    return {
        "seed": run.spec.seed,
        "epoch": run.history["epoch"].to_numpy(np.float64),
        "seconds": run.history["seconds"].to_numpy(),
        "value": smooth(raw, smoothing),
        "raw": raw,
        "low": np.nan,
        "high": np.nan,
    }


def _join(lines: list[_Line]) -> pd.DataFrame:
    """Return the lines one below the other. One frame per line would take most of the time."""
    points = [len(line["value"]) for line in lines]
    return pd.DataFrame(
        {
            name: np.repeat([line[name] for line in lines], points)
            if name in _LINE
            else np.concatenate([np.broadcast_to(line[name], count) for line, count in zip(lines, points, strict=True)])
            for name in COLUMNS
        }
    )


def thin_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Keep at most POINTS evenly spaced epochs, the same for all lines, and the last epoch of each line.

    A chart is not wide enough for more. Many lines have fewer points, so that a browser can draw them. Points without
    an epoch (means by seconds) are as many as POINTS already, and are thinned for many lines only.
    """
    lines = curves.groupby(_LINE)
    points = max(_FEWEST_POINTS, min(POINTS, _MOST_ROWS // max(1, lines.ngroups)))
    kept = [*_thin(np.unique(curves["epoch"].dropna()), points), *lines["epoch"].max().dropna()]
    position, count = lines.cumcount(), lines["seed"].transform("size")
    evenly = (position % np.ceil(count / points) == 0) | (position == count - 1) | (points == POINTS)
    return curves[(curves["epoch"].isna() & evenly) | curves["epoch"].isin(kept)].reset_index(drop=True)


def _thin(values: NDArray[np.float64], points: int = POINTS) -> NDArray[np.float64]:
    """Return at most `points` evenly spaced values, including the first and the last."""
    if len(values) <= points:
        return values
    return values[np.linspace(0, len(values) - 1, points).round().astype(int)]


def _common_times(runs_of: dict[str, list[Run]]) -> NDArray[np.float64]:
    """Return the times of the means: about POINTS ends of epochs of any run, and the shared range of each head."""
    times = [[run.history["seconds"].to_numpy() for run in runs] for runs in runs_of.values()]
    bounds = [bound for runs in times for bound in _shared(runs)]
    return np.unique([*_thin(np.unique(np.concatenate([each for runs in times for each in runs]))), *bounds])


def _shared(times: list[NDArray[np.float64]]) -> tuple[float, float]:
    """Return the first and the last time at which all seeds of a head have a value."""
    return max(float(each[0]) for each in times), min(float(each[-1]) for each in times)


def _average(lines: list[_Line], grid: NDArray[np.float64] | None, band: Band) -> _Line:
    """Return the mean of lines at the epochs, or at the times of `grid`, that all of them share."""

    def align(column: str) -> NDArray[np.float64]:
        if grid is None:
            return np.stack([line[column][:epochs] for line in lines])
        return np.stack([np.interp(shared, line["seconds"], line[column]) for line in lines])

    epochs = min(len(line["value"]) for line in lines)
    if grid is not None:
        start, end = _shared([line["seconds"] for line in lines])
        shared = grid[(start <= grid) & (grid <= end)]
    values = align("value")
    mean = values.mean(axis=0)
    half = _compute_half_width(values, band)
    return {
        "seed": MEAN,
        "epoch": np.arange(1.0, epochs + 1) if grid is None else np.nan,
        "seconds": align("seconds").mean(axis=0) if grid is None else shared,
        "value": mean,
        "raw": align("raw").mean(axis=0),
        "low": mean - half,
        "high": mean + half,
    }


def _compute_half_width(values: NDArray[np.float64], band: Band) -> NDArray[np.float64] | float:
    """Return half the width of a band around the mean of values of shape (seeds, points)."""
    seeds = len(values)
    if seeds < 2 or band == "none":
        return np.nan
    std: NDArray[np.float64] = values.std(axis=0, ddof=1)
    return std if band == "std" else quantile_t(seeds - 1) * std / seeds**0.5
