"""What runs cost, over the seeds of a setting: size, work, time and memory, and what accuracy that buys."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from core.analysis.pareto import compute_front, compute_steps
from core.store.same_test_set import RunsOnTestSet

COSTS: Final = (
    "params", "flops", "keras_bytes", "tflite_bytes", "latency_seconds", "latency_p95_seconds", "latency_32_seconds",
    "latency_32_p95_seconds", "epoch_seconds", "train_seconds", "peak_bytes",
)  # fmt: skip
CLOCKED: Final = tuple(name for name in COSTS if name.endswith("seconds"))  # depend on the processor


def list_costs(test_set_runs: RunsOnTestSet) -> pd.DataFrame:
    """One row a run: run_id, seed, setting, name, head, label, cpu, test_accuracy and the COSTS; NaN for what an older
    record does not hold. `epoch_seconds` is the mean over the epochs trained, with their validation."""
    runs = test_set_runs.runs
    frame = runs[["run_id", "seed", "configuration", "name", "head", "label", "cpu", "test_accuracy"]].copy()
    for cost in COSTS:
        values = runs["train_seconds"] / runs["trained_epochs"] if cost == "epoch_seconds" else runs[cost]
        frame[cost] = pd.to_numeric(values).astype("float64")
    return frame


def compute_costs(test_set_runs: RunsOnTestSet) -> pd.DataFrame:
    """One row a setting, means over its seeds: setting, name, head, label, seeds, cpu (all of them), test_accuracy and
    test_accuracy_std (sample standard deviation; NaN for one seed), the COSTS, and accuracy_per_1000_params.

    A cost that a seed lacks is the mean over the others, NaN when none has it. The last column is in points of per
    cent: Canziani, Paszke & Culurciello 2016, An analysis of deep neural network models for practical applications,
    figure 10, «information density».
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
    """The front of settings (`compute_costs`) for each cost: cost (its name), setting, name, label, seeds,
    test_accuracy, value, extra_value, extra_points (of per cent), value_per_point. Extras count from the setting
    before; settings with equal figures have the same ones. NaN for the cheapest."""
    accuracy = costs["test_accuracy"].to_numpy()
    rows, figures = [], []
    for cost in names:
        values = costs[cost].to_numpy()
        front = np.flatnonzero(compute_front(values, accuracy))
        front = front[np.argsort(values[front], kind="stable")]
        steps = compute_steps(values, accuracy).to_numpy()
        rows.append(front)
        figures.append(np.column_stack([values[front], steps[np.searchsorted(steps[:, 0], values[front]), 2:]]))
    frame = costs.iloc[np.concatenate(rows)][["configuration", "name", "label", "seeds", "test_accuracy"]]
    frame.insert(0, "cost", np.repeat(names, [len(front) for front in rows]))
    extras = ["value", "extra_value", "extra_points", "value_per_point"]
    frame[extras] = np.concatenate(figures) * [1, 1, 100, 0.01]  # from shares to points
    return frame.reset_index(drop=True)


def count_processors(test_set_runs: RunsOnTestSet) -> int:
    return int(np.unique(test_set_runs.runs["cpu"].astype("str")).size)
