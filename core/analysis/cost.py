"""Costs of runs and configurations: size, FLOPs, time and memory, and the marginal cost of accuracy."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from core.analysis.pareto import compute_front, compute_steps
from core.analysis.timed import find_timed_rows
from core.store.same_test_set import RunsOnTestSet

COSTS: Final = (
    "params", "flops", "keras_bytes", "tflite_bytes", "latency_seconds", "latency_p95_seconds", "latency_32_seconds",
    "latency_32_p95_seconds", "epoch_seconds", "train_seconds", "peak_bytes",
)  # fmt: skip
CLOCKED: Final = tuple(name for name in COSTS if name.endswith("seconds"))  # depends on the machine


def list_costs(test_set_runs: RunsOnTestSet) -> pd.DataFrame:
    """Return one row per run: run_id, seed, configuration, name, head, label, cpu, test_accuracy and the COSTS.

    NaN if an older run record lacks the value, or if a time was measured on another machine than that of most runs
    (see `find_timed_rows`). `epoch_seconds` is the median of the epochs after the first, including
    validation.
    """
    runs = test_set_runs.runs
    frame = runs[["run_id", "seed", "configuration", "name", "head", "label", "cpu", "test_accuracy"]].copy()
    for cost in COSTS:
        frame[cost] = pd.to_numeric(runs[cost]).astype("float64")
    if len(runs):
        frame.loc[~runs["run_id"].isin(find_timed_rows(runs).run_ids), [*CLOCKED]] = np.nan
    return frame


def compute_costs(test_set_runs: RunsOnTestSet) -> pd.DataFrame:
    """Return one row per configuration with means over its seeds.

    Columns configuration, name, head, label, seeds, cpu (all processors), test_accuracy, test_accuracy_std (sample
    standard deviation; NaN for one seed), the COSTS and accuracy_per_1000_params (percentage points). Seeds without a
    value are left out of the mean of a cost; NaN if no seed has one.

    Source of accuracy_per_1000_params: Canziani, Paszke & Culurciello 2016, An analysis of deep neural network models
    for practical applications, figure 10, "information density".
    """
    runs = list_costs(test_set_runs)
    groups = runs.groupby("configuration", sort=True)
    frame = groups[["name", "head", "label"]].first()
    frame["seeds"] = groups.size()
    frame["cpu"] = groups["cpu"].agg(lambda names: ", ".join(dict.fromkeys(names)))
    frame["test_accuracy"] = groups["test_accuracy"].mean()
    frame["test_accuracy_std"] = groups["test_accuracy"].std(ddof=1)
    frame[[*COSTS]] = groups[[*COSTS]].mean()
    params = frame["params"].where(frame["params"] > 0)
    return frame.assign(accuracy_per_1000_params=100 * frame["test_accuracy"] / (params / 1000)).reset_index()


def compute_marginal_costs(costs: pd.DataFrame, names: Sequence[str] = COSTS) -> pd.DataFrame:
    """Return the Pareto front of the configurations of `compute_costs` for each cost, cheapest first.

    Columns cost (its name), configuration, name, label, seeds, test_accuracy, value, extra_value, extra_points
    (percentage points), value_per_point. Extras are relative to the next cheaper Pareto-optimal configuration;
    configurations with equal values share them. NaN for the cheapest.
    """
    accuracy = costs["test_accuracy"].to_numpy()
    rows, parts = [], []
    for cost in names:
        values = costs[cost].to_numpy()
        front = np.flatnonzero(compute_front(values, accuracy))
        front = front[np.argsort(values[front], kind="stable")]
        steps = compute_steps(values, accuracy).to_numpy()
        rows.append(front)
        parts.append(np.column_stack([values[front], steps[np.searchsorted(steps[:, 0], values[front]), 2:]]))
    frame = costs.iloc[np.concatenate(rows)][["configuration", "name", "label", "seeds", "test_accuracy"]]
    frame.insert(0, "cost", np.repeat(names, [len(front) for front in rows]))
    extras = ["value", "extra_value", "extra_points", "value_per_point"]
    frame[extras] = np.concatenate(parts) * [1, 1, 100, 0.01]  # from fractions to percentage points
    return frame.reset_index(drop=True)


def find_features_seconds(test_set_runs: RunsOnTestSet) -> float | None:
    """Return the longest time for the feature maps of a frozen backbone, which no training time includes; None if no
    run used any, NaN if it was not measured."""
    runs = test_set_runs.runs
    cached = runs[runs["frozen"] & (runs["trained_stages"] == 0) & (runs["augmentation"] == "")]
    return None if cached.empty else float(cached["features_seconds"].max())
