"""Test accuracy of heads and runs with confidence intervals."""

import numpy as np
import pandas as pd

from core.analysis.correctness import stack_correct
from core.analysis.crossed import compute_accuracy_interval
from core.interval import compute_wilson
from core.store.comparison import Comparison

MEAN = -1


def compute_accuracies(comparison: Comparison) -> pd.DataFrame:
    """Return one row per run and one per head: columns head, seed, accuracy, low, high, images, seeds.

    `low` and `high` are the bounds of the 95% confidence interval: for a run over its test images (Wilson score
    interval); for a head (seed −1), whose accuracy is the mean over its seeds, over images and seeds (NaN for one
    seed; see `compute_accuracy_interval`).
    """
    images = comparison.first.record.data.test_images
    rows: list[tuple[str, int, float, float, float, int, int]] = []
    for variant in comparison.variants:
        correct = stack_correct(variant)
        seeds = len(correct)
        mean, low, high = compute_accuracy_interval(correct)
        rows.append((variant.label, MEAN, mean, *((low, high) if seeds > 1 else (np.nan, np.nan)), images, seeds))
        counts = correct.sum(axis=1)
        for run, count, run_low, run_high in zip(variant.runs, counts, *compute_wilson(counts, images), strict=True):
            rows.append((variant.label, run.spec.seed, int(count) / images, float(run_low), float(run_high), images, 1))
    return pd.DataFrame(rows, columns=["head", "seed", "accuracy", "low", "high", "images", "seeds"])
