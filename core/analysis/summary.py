"""Means over seeds of the metrics and costs of a comparison."""

from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.analysis.seed_mean import SeedMean
from core.analysis.timed import find_timed
from core.store.comparison import Comparison, Variant
from core.store.run import Run

if TYPE_CHECKING:
    import pandas as pd


def _value(run: Run, metric: str) -> float:
    record = run.record
    section = record.metrics if metric in type(record.metrics).model_fields else record.cost
    value = getattr(section, metric)
    return float("nan") if value is None else float(value)


def compute_seed_mean(values: list[float]) -> SeedMean:
    std = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return SeedMean(float(np.mean(values)), std, len(values))


def describe_metric(variant: Variant, metric: str) -> SeedMean:
    """Return the mean over the seeds of a variant of a metric or cost in the run records."""
    return compute_seed_mean([_value(run, metric) for run in variant.runs])


def compute_mean_cost(variant: Variant, cost: str, timed: Collection[str]) -> SeedMean:
    """Return the mean over the seeds of a variant of a metric or cost; of a time only over runs of one machine.

    Args:
        timed: IDs of the runs with comparable times (see `find_timed`).
    """
    is_time = cost.endswith("seconds")
    values = [_value(run, cost) for run in variant.runs if not is_time or run.run_id in timed]
    return compute_seed_mean(values) if values else SeedMean(float("nan"), None, 0)


def compute_last_accuracy(variant: Variant) -> SeedMean | None:
    """Return the mean test accuracy at the last epoch; None if that is the epoch of the other metrics."""
    if not any(run.record.last_metrics for run in variant.runs):
        return None
    return compute_seed_mean([(run.record.last_metrics or run.record.metrics).test_accuracy for run in variant.runs])


def compute_table(comparison: Comparison, metrics: tuple[str, ...]) -> "pd.DataFrame":
    """Return one row per variant: head, seeds and, for each metric, its mean and `<metric>_std` (NaN for one seed).

    Times are those of one machine (see `find_timed`).
    """
    import pandas as pd

    rows, timed = [], find_timed(comparison).run_ids
    for variant in comparison.variants:
        row: dict[str, object] = {"head": variant.label, "seeds": len(variant.runs)}
        for metric in metrics:
            value = compute_mean_cost(variant, metric, timed)
            row[metric] = value.mean
            row[f"{metric}_std"] = np.nan if value.std is None else value.std
        rows.append(row)
    return pd.DataFrame(rows)


def read_seed_mean(row: Mapping[Hashable, Any], metric: str) -> SeedMean:
    """Return the mean of a metric from a row with the columns `<metric>`, `<metric>_std` and seeds."""
    import pandas as pd

    std = row[f"{metric}_std"]
    return SeedMean(row[metric], None if pd.isna(std) else std, int(row["seeds"]))
