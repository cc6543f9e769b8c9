"""The accuracy of heads and runs, each with the interval that fits it."""

import numpy as np
import pandas as pd

from core.analysis.correctness import compute_correct
from core.analysis.interval import compute_mean_interval, compute_wilson
from core.store.comparison import Comparison

MEAN = -1


def compute_accuracies(comparison: Comparison) -> pd.DataFrame:
    """Columns head, seed, accuracy, low, high, images, seeds: a row a run with Wilson's interval over its test images,
    and a row a head with seed −1, the mean and its t interval over the seeds, cut to 0 … 1; NaN for one seed."""
    images = comparison.first.record.data.test_images
    rows: list[tuple[str, int, float, float, float, int, int]] = []
    for variant in comparison.variants:
        rights = [int(compute_correct(run).sum()) for run in variant.runs]
        shares = [count / images for count in rights]
        whole = compute_mean_interval(shares)
        low, high = (max(whole.low, 0.0), min(whole.high, 1.0)) if whole else (np.nan, np.nan)
        seeds = len(variant.runs)
        rows.append((variant.label, MEAN, float(np.mean(shares)), low, high, images, seeds))
        for run, share, start, end in zip(variant.runs, shares, *compute_wilson(np.array(rights), images), strict=True):
            rows.append((variant.label, run.spec.seed, share, float(start), float(end), images, 1))
    return pd.DataFrame(rows, columns=["head", "seed", "accuracy", "low", "high", "images", "seeds"])
