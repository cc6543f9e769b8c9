"""Test accuracy of heads and runs with confidence intervals."""

import numpy as np
import pandas as pd

from core.analysis.correctness import compute_correct
from core.analysis.interval import compute_mean_interval, compute_wilson
from core.store.comparison import Comparison

MEAN = -1


def compute_accuracies(comparison: Comparison) -> pd.DataFrame:
    """Return one row per run and one per head: columns head, seed, accuracy, low, high, images, seeds.

    `low` and `high` are the bounds of the 95% confidence interval: for a run the Wilson score interval over its test
    images; for a head (seed −1), whose accuracy is the mean over its seeds, Student's t interval, clipped to [0, 1]
    (NaN for one seed).
    """
    images = comparison.first.record.data.test_images
    rows: list[tuple[str, int, float, float, float, int, int]] = []
    for variant in comparison.variants:
        correct = [int(compute_correct(run).sum()) for run in variant.runs]
        accuracies = [count / images for count in correct]
        interval = compute_mean_interval(accuracies)
        low, high = (max(interval.low, 0.0), min(interval.high, 1.0)) if interval else (np.nan, np.nan)
        seeds = len(variant.runs)
        rows.append((variant.label, MEAN, float(np.mean(accuracies)), low, high, images, seeds))
        bounds = compute_wilson(np.array(correct), images)
        for run, accuracy, run_low, run_high in zip(variant.runs, accuracies, *bounds, strict=True):
            rows.append((variant.label, run.spec.seed, accuracy, float(run_low), float(run_high), images, 1))
    return pd.DataFrame(rows, columns=["head", "seed", "accuracy", "low", "high", "images", "seeds"])
