"""Accuracy over the values of one knob, all others held: series of settings that differ in nothing else."""

import numpy as np
import pandas as pd

from core.analysis.accuracy import MEAN
from core.analysis.interval import compute_mean_interval
from core.spec import SETTINGS
from core.store.comparison import describe_setting, describe_value, to_plain
from core.store.same_test_set import RunsOnTestSet

_NO_SETTINGS = ("dataset", "data", "folder", "attribute")  # where the images come from
COLUMNS = (
    "setting", "value", "order", "series", "rest", "head", "applies", "run_id", "seed", "seeds", "test_accuracy",
    "lowest", "highest", "low", "high",
)  # fmt: skip


def list_hyperparameters(test_set_runs: RunsOnTestSet) -> list[str]:
    """The knobs with a curve: two runs or more differ in it and in nothing else but the seed."""
    return [
        name
        for name in test_set_runs.settings
        if name not in _NO_SETTINGS and _find_series(test_set_runs, name)[1].any()
    ]


def compute_hyperparameter_curve(test_set_runs: RunsOnTestSet, setting: str) -> pd.DataFrame:
    """Columns COLUMNS: a row a run, and one with seed −1 for each series and value, the mean over its seeds.

    A series are runs of one head that are equal in every other knob; one with a single value has no curve and is left
    out. `place` counts the values from 0, in their order; what is left open comes last. `rest` says in words how a
    series differs from others of its head. A head for which the knob makes no difference stands at each value, with
    `applies` False, where all but the head is as in a series. `lowest` and `highest` are over the seeds, `low` and
    `high` the 95 % interval of the mean (Student's t), NaN for one seed.
    """
    others = [name for name in test_set_runs.settings if name != setting]
    shared = [name for name in others if SETTINGS[name].group != "head"]
    series, joined, used = _find_series(test_set_runs, setting)
    if not joined.any():
        return pd.DataFrame(columns=[*COLUMNS])
    # of the knobs that are not the head's; all runs are alike where there is none
    around = test_set_runs.runs.groupby(shared, sort=False, dropna=False).ngroup() if shared else 0
    frame = test_set_runs.runs.assign(series=series, around=around)
    curves = frame[joined]
    values = sorted(
        {to_plain(value) for value in curves[setting]}, key=lambda value: (value is None, 0 if value is None else value)
    )
    texts = [describe_value(setting, value) for value in values]
    curves = curves.assign(order=[values.index(to_plain(value)) for value in curves[setting]], applies=True)
    level = frame[~used & frame["around"].isin(curves["around"])].assign(applies=False)
    whole = pd.concat(
        [curves, *(level.assign(order=place) for place in range(len(values)))] if len(level) else [curves]
    )
    whole = whole.assign(
        setting=setting, value=[texts[place] for place in whole["order"]], rest=_name_rest(whole, others, shared), seeds=1,
        head=whole["label"], **dict.fromkeys(("lowest", "highest", "low", "high"), np.nan),
    )  # fmt: skip
    both = pd.concat([whole[[*COLUMNS]], _average(whole)])
    return both.sort_values(["series", "order", "seed"], kind="stable", ignore_index=True)


def _name_rest(frame: pd.DataFrame, others: list[str], shared: list[str]) -> list[str]:
    telling = {
        head: [name for name in others if rows[name].nunique(dropna=False) > 1] for head, rows in frame.groupby("head")
    }
    return [
        " · ".join(describe_setting(n, to_plain(row[n])) for n in telling[row["head"]] if row["applies"] or n in shared)
        for row in frame[["head", *others, "applies"]].to_dict("records")
    ]


def _find_series(test_set_runs: RunsOnTestSet, setting: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Of each run: the number of its series, whether there it has a partner with another value, and whether the knob
    makes a difference to it."""
    used = test_set_runs.uses(setting)
    others = [name for name in test_set_runs.settings if name != setting]
    series = test_set_runs.runs.groupby(["head", *others], sort=False, dropna=False).ngroup()
    partners = test_set_runs.runs[setting].groupby([series, used]).transform("nunique", dropna=False)
    return series, used & (partners > 1), used


def _average(runs: pd.DataFrame) -> pd.DataFrame:
    groups = runs.groupby(["series", "order"], sort=False)
    frame = groups[[name for name in COLUMNS if name not in ("series", "order")]].first().reset_index()
    accuracies = groups["test_accuracy"]
    mean, seeds = accuracies.mean().to_numpy(), accuracies.size().to_numpy()
    spans = [compute_mean_interval(values.tolist()) for _, values in accuracies]
    low = [max(span.low, 0.0) if span else np.nan for span in spans]
    high = [min(span.high, 1.0) if span else np.nan for span in spans]
    lowest, highest = accuracies.min().to_numpy(), accuracies.max().to_numpy()
    return frame.assign(
        run_id="", seed=MEAN, seeds=seeds, test_accuracy=mean, lowest=lowest, highest=highest, low=low, high=high
    )[[*COLUMNS]]
