"""Means over seeds, differences between heads, and the sentence that sums a comparison up."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.analysis.difference import Difference, compute_difference
from core.store.comparison import Comparison, Contender
from core.store.run import Run


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds; `spread` is their sample standard deviation (n − 1), None for one seed."""

    mean: float
    spread: float | None
    seeds: int


def _value(run: Run, metric: str) -> float:
    record = run.record
    part = record.metrics if metric in type(record.metrics).model_fields else record.cost
    value = getattr(part, metric)
    return float("nan") if value is None else float(value)


def compute_estimate(values: list[float]) -> Estimate:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Estimate(float(np.mean(values)), spread, len(values))


def estimate(contender: Contender, metric: str) -> Estimate:
    """A metric or cost of the record, over the seeds of a contender."""
    return compute_estimate([_value(run, metric) for run in contender.runs])


@dataclass(frozen=True)
class Finding:
    """What a comparison comes down to: the smallest head against the most accurate other one."""

    small: Contender
    rival: Contender
    params_ratio: float
    accuracy: Difference


def compute_finding(comparison: Comparison) -> Finding | None:
    """None when there is only one contender."""
    if len(comparison.contenders) < 2:
        return None
    accuracy = {c.label: estimate(c, "test_accuracy").mean for c in comparison.contenders}
    small = min(comparison.contenders, key=lambda c: (c.first.record.cost.params, -accuracy[c.label]))
    others = [c for c in comparison.contenders if c is not small]
    rival = max(others, key=lambda c: (accuracy[c.label], c.first.record.cost.params))
    ratio = rival.first.record.cost.params / small.first.record.cost.params
    return Finding(small, rival, ratio, compute_difference(small, rival))


def compute_table(comparison: Comparison, metrics: tuple[str, ...]) -> pd.DataFrame:
    """One row a contender: head, seeds, and for each metric its mean and `<metric>_spread` (NaN for one seed)."""
    rows = []
    for contender in comparison.contenders:
        row: dict[str, object] = {"head": contender.label, "seeds": len(contender.runs)}
        for metric in metrics:
            value = estimate(contender, metric)
            row[metric] = value.mean
            row[f"{metric}_spread"] = np.nan if value.spread is None else value.spread
        rows.append(row)
    return pd.DataFrame(rows)
