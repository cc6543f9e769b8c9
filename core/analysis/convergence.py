"""Time to accuracy: epochs and seconds until a run reaches a target validation accuracy."""

import math

import pandas as pd

from core.analysis.timed import find_timed
from core.store.comparison import Comparison


def choose_target(comparison: Comparison) -> float:
    """Return the highest whole percentage of validation accuracy that all runs reach; 0 if a run has only NaN."""
    best = [run.history["val_accuracy"].max() for run in comparison.runs]
    lowest = min((value if math.isfinite(value) else 0.0 for value in best), default=0.0)
    return math.floor(round(100 * lowest, 6)) / 100


def compute_convergence(comparison: Comparison, target: float) -> pd.DataFrame:
    """Return one row per run: head, seed, target, epochs, seconds.

    Epochs and seconds (since the start of training) end with the first epoch whose validation accuracy is at least
    `target`; NaN if the run does not reach it. Seconds are those of one machine (see `find_timed`).
    """
    rows, timed = [], find_timed(comparison).run_ids
    for variant in comparison.variants:
        for run in variant.runs:
            reached = run.history[run.history["val_accuracy"] >= target - 1e-9]
            epochs, seconds = reached.iloc[0][["epoch", "seconds"]] if len(reached) else (math.nan, math.nan)
            seconds = float(seconds) if run.run_id in timed else math.nan
            rows.append((variant.label, run.spec.seed, target, float(epochs), seconds))
    return pd.DataFrame(rows, columns=["head", "seed", "target", "epochs", "seconds"])


def compute_factors(convergence: pd.DataFrame) -> pd.DataFrame:
    """Return one row per head: head, runs, reached, epochs, seconds, epochs_factor, seconds_factor.

    `reached` is the number of runs that reach the target; epochs and seconds are means over these. The factors are
    relative to the fastest head; NaN if a run of the head does not reach the target, because the mean over the others
    is biased.
    """
    groups = convergence.groupby("head", sort=False)
    frame = groups[["epochs", "seconds"]].mean()
    frame.insert(0, "runs", groups.size())
    frame.insert(1, "reached", groups["epochs"].count())
    complete = frame["reached"] == frame["runs"]
    for name in ("epochs", "seconds"):
        means = frame[name].where(complete)
        frame[f"{name}_factor"] = means / means.min() if means.min() > 0 else math.nan
    return frame.reset_index()
