"""How long each training took to reach a validation accuracy."""

import math

import pandas as pd

from core.store.comparison import Comparison


def choose_target(comparison: Comparison) -> float:
    """The highest whole percent of validation accuracy that every run reaches; 0 where one has none."""
    best = [run.history["val_accuracy"].max() for run in comparison.runs]
    lowest = min((value if math.isfinite(value) else 0.0 for value in best), default=0.0)
    return math.floor(round(100 * lowest, 6)) / 100


def compute_convergence(comparison: Comparison, target: float) -> pd.DataFrame:
    """One row a run: head, seed, target, epochs, seconds until the end of the first epoch whose validation accuracy is
    at least `target`; NaN for a run that never gets there. Seconds count from the start of training."""
    rows = []
    for variant in comparison.variants:
        for run in variant.runs:
            there = run.history[run.history["val_accuracy"] >= target - 1e-9]
            epochs, seconds = there.iloc[0][["epoch", "seconds"]] if len(there) else (math.nan, math.nan)
            rows.append((variant.label, run.spec.seed, target, float(epochs), float(seconds)))
    return pd.DataFrame(rows, columns=["head", "seed", "target", "epochs", "seconds"])


def compute_factors(convergence: pd.DataFrame) -> pd.DataFrame:
    """One row a head: head, runs, reached (how many), epochs, seconds (means over the runs that reach the target), and
    epochs_factor, seconds_factor: how many times those of the quickest head. NaN for a head with a run that never
    gets there, since the mean over the others would flatter it."""
    groups = convergence.groupby("head", sort=False)
    frame = groups[["epochs", "seconds"]].mean()
    frame.insert(0, "runs", groups.size())
    frame.insert(1, "reached", groups["epochs"].count())
    whole = frame["reached"] == frame["runs"]
    for name in ("epochs", "seconds"):
        known = frame[name].where(whole)
        frame[f"{name}_factor"] = known / known.min() if known.min() > 0 else math.nan
    return frame.reset_index()
