"""Accuracy and loss of single runs, at the kept and at the last epoch."""

import math

import numpy as np
import pandas as pd

from core.interval import compute_wilson
from core.store.comparison import Comparison

COLUMNS = ("head", "seed", "epoch", "kept", "split", "images", "accuracy", "low", "high", "loss")


def compute_run_metrics(comparison: Comparison) -> pd.DataFrame:
    """Return one row per run, epoch and split with the COLUMNS.

    A run that keeps its best epoch also has the metrics of the last one, if that is another. `kept` is whether the
    weights of the epoch are kept, `split` is "test" or "validation". `low` and `high` are the bounds of the 95% Wilson
    score interval over the images; the accuracies come from the record, so no prediction is read. The loss is NaN if
    the run diverged.
    """
    rows: list[tuple[object, ...]] = []
    for variant in comparison.variants:
        for run in variant.runs:
            record = run.record
            epochs = [(record.measured_epoch, True, record.metrics)]
            epochs += [(record.trained_epochs, False, record.last_metrics)] if record.last_metrics else []
            for epoch, kept, metrics in epochs:
                for split in ("test", "validation"):
                    images = getattr(record.data, f"{split}_images")
                    if images is None:  # trained elsewhere
                        continue
                    accuracy, loss = getattr(metrics, f"{split}_accuracy"), getattr(metrics, f"{split}_loss")
                    low, high = compute_wilson(np.array([round(accuracy * images)]), images)
                    bounds = float(low[0]), float(high[0])
                    cells = (epoch, kept, split, images, accuracy, *bounds, math.nan if loss is None else loss)
                    rows.append((variant.label, run.spec.seed, *cells))
    return pd.DataFrame(rows, columns=[*COLUMNS])
