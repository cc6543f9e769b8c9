"""Accuracy by hyperparameter: series of configurations that differ in one hyperparameter only."""

import numpy as np
import pandas as pd

from core.analysis.accuracy import MEAN
from core.interval import compute_mean_interval
from core.spec import SETTINGS
from core.store.comparison import to_plain
from core.store.same_test_set import RunsOnTestSet
from core.store.setting_text import describe_setting, describe_value

_EXCLUDED = ("dataset", "data", "folder", "attribute")  # settings of the data
COLUMNS = (
    "setting", "value", "order", "series", "rest", "head", "applies", "run_id", "seed", "seeds", "diverged",
    "test_accuracy", "lowest", "highest", "low", "high",
)  # fmt: skip


def list_hyperparameters(test_set_runs: RunsOnTestSet) -> list[str]:
    """Return the hyperparameters with a curve: at least two runs differ in it and otherwise only in the seed.

    A diverged run counts, because its value was tried.
    """
    test_set_runs = test_set_runs.with_diverged()
    return [
        name for name in test_set_runs.settings if name not in _EXCLUDED and _find_series(test_set_runs, name)[1].any()
    ]


def compute_hyperparameter_curve(test_set_runs: RunsOnTestSet, setting: str) -> pd.DataFrame:
    """Return the columns COLUMNS: one row per run, and one row with seed −1 per series and value (mean over seeds).

    A series contains the runs of one head that are equal in all other hyperparameters; a series with a single value is
    omitted. A head that does not use the hyperparameter gets a row at each value if its other hyperparameters are
    those of a series.

    A diverged run has the accuracy NaN. In the rows of a mean, `seeds` counts the finished runs and `diverged` the
    others; `seeds` 0 is a value at which every seed diverged.

    `order` is the index of the value, from 0; an unset value is last. `rest` describes how a series differs from the
    other series of its head. `applies` is False for a head that does not use the hyperparameter. `lowest` and
    `highest` are over the seeds; `low` and `high` are the bounds of the 95% confidence interval of the mean (Student's
    t), NaN for one seed.
    """
    test_set_runs = test_set_runs.with_diverged()
    others = [name for name in test_set_runs.settings if name != setting]
    shared = [name for name in others if SETTINGS[name].group != "head"]
    series, in_curve, used = _find_series(test_set_runs, setting)
    if not in_curve.any():
        return pd.DataFrame(columns=[*COLUMNS])
    # groups of equal hyperparameters, those of the head excluded; a single group if the runs do not differ in any
    around = test_set_runs.runs.groupby(shared, sort=False, dropna=False).ngroup() if shared else 0
    frame = test_set_runs.runs.assign(series=series, around=around)
    curves = frame[in_curve]
    values = sorted(
        {to_plain(value) for value in curves[setting]}, key=lambda value: (value is None, 0 if value is None else value)
    )
    texts = [describe_value(setting, value) for value in values]
    curves = curves.assign(order=[values.index(to_plain(value)) for value in curves[setting]], applies=True)
    constant = frame[~used & frame["around"].isin(curves["around"])].assign(applies=False)
    runs = pd.concat(
        [curves, *(constant.assign(order=order) for order in range(len(values)))] if len(constant) else [curves]
    )
    runs = runs.assign(
        setting=setting, value=[texts[order] for order in runs["order"]], rest=_describe_rest(runs, others, shared),
        seeds=1, diverged=runs["test_accuracy"].isna().astype(int), head=runs["label"],
        **dict.fromkeys(("lowest", "highest", "low", "high"), np.nan),
    )  # fmt: skip
    rows = pd.concat([runs[[*COLUMNS]], _average(runs)])
    return rows.sort_values(["series", "order", "seed"], kind="stable", ignore_index=True)


def _describe_rest(frame: pd.DataFrame, others: list[str], shared: list[str]) -> list[str]:
    varying = {
        head: [name for name in others if rows[name].nunique(dropna=False) > 1] for head, rows in frame.groupby("head")
    }
    return [
        " · ".join(describe_setting(n, to_plain(row[n])) for n in varying[row["head"]] if row["applies"] or n in shared)
        for row in frame[["head", *others, "applies"]].to_dict("records")
    ]


def _find_series(test_set_runs: RunsOnTestSet, setting: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return for each run the number of its series, whether the series has several values, and whether the run uses
    the hyperparameter."""
    used = test_set_runs.uses(setting)
    others = [name for name in test_set_runs.settings if name != setting]
    series = test_set_runs.runs.groupby(["head", *others], sort=False, dropna=False).ngroup()
    values = test_set_runs.runs[setting].groupby([series, used]).transform("nunique", dropna=False)
    return series, used & (values > 1), used


def _average(runs: pd.DataFrame) -> pd.DataFrame:
    groups = runs.groupby(["series", "order"], sort=False)
    frame = groups[[name for name in COLUMNS if name not in ("series", "order")]].first().reset_index()
    accuracies = groups["test_accuracy"]
    mean, seeds = accuracies.mean().to_numpy(), accuracies.count().to_numpy()
    diverged = groups["diverged"].sum().to_numpy()
    intervals = [compute_mean_interval(values.dropna().tolist()) for _, values in accuracies]
    low = [max(each.low, 0.0) if each else np.nan for each in intervals]
    high = [min(each.high, 1.0) if each else np.nan for each in intervals]
    lowest, highest = accuracies.min().to_numpy(), accuracies.max().to_numpy()
    return frame.assign(
        run_id="",
        seed=MEAN,
        seeds=seeds,
        diverged=diverged,
        test_accuracy=mean,
        lowest=lowest,
        highest=highest,
        low=low,
        high=high,
    )[[*COLUMNS]]
