"""Accuracy over the values of one knob, all others held: series of settings that differ in nothing else."""

import numpy as np
import pandas as pd

from core.analysis.accuracy import MEAN
from core.analysis.interval import compute_mean_interval
from core.spec import KNOBS
from core.store.comparison import describe, describe_value, to_plain
from core.store.peers import Peers

_NO_KNOBS = ("dataset", "data", "folder", "attribute")  # where the images come from
COLUMNS = (
    "knob", "value", "place", "series", "rest", "head", "applies", "run_id", "seed", "seeds", "test_accuracy",
    "lowest", "highest", "low", "high",
)  # fmt: skip


def list_knobs(peers: Peers) -> list[str]:
    """The knobs with a curve: two runs or more differ in it and in nothing else but the seed."""
    return [name for name in peers.knobs if name not in _NO_KNOBS and _find_series(peers, name)[1].any()]


def compute_knob_curve(peers: Peers, knob: str) -> pd.DataFrame:
    """Columns COLUMNS: a row a run, and one with seed −1 for each series and value, the mean over its seeds.

    A series are runs of one head that are equal in every other knob; one with a single value has no curve and is left
    out. `place` counts the values from 0, in their order; what is left open comes last. `rest` says in words how a
    series differs from others of its head. A head for which the knob makes no difference stands at each value, with
    `applies` False, where all but the head is as in a series. `lowest` and `highest` are over the seeds, `low` and
    `high` the 95 % interval of the mean (Student's t), NaN for one seed.
    """
    others = [name for name in peers.knobs if name != knob]
    shared = [name for name in others if KNOBS[name].group != "head"]
    series, joined, used = _find_series(peers, knob)
    if not joined.any():
        return pd.DataFrame(columns=[*COLUMNS])
    # of the knobs that are not the head's; all runs are alike where there is none
    around = peers.runs.groupby(shared, sort=False, dropna=False).ngroup() if shared else 0
    frame = peers.runs.assign(series=series, around=around)
    curves = frame[joined]
    values = sorted(
        {to_plain(value) for value in curves[knob]}, key=lambda value: (value is None, 0 if value is None else value)
    )
    texts = [describe_value(knob, value) for value in values]
    curves = curves.assign(place=[values.index(to_plain(value)) for value in curves[knob]], applies=True)
    level = frame[~used & frame["around"].isin(curves["around"])].assign(applies=False)
    whole = pd.concat(
        [curves, *(level.assign(place=place) for place in range(len(values)))] if len(level) else [curves]
    )
    whole = whole.assign(
        knob=knob, value=[texts[place] for place in whole["place"]], rest=_name_rest(whole, others, shared), seeds=1,
        head=whole["label"], **dict.fromkeys(("lowest", "highest", "low", "high"), np.nan),
    )  # fmt: skip
    both = pd.concat([whole[[*COLUMNS]], _average(whole)])
    return both.sort_values(["series", "place", "seed"], kind="stable", ignore_index=True)


def _name_rest(frame: pd.DataFrame, others: list[str], shared: list[str]) -> list[str]:
    telling = {
        head: [name for name in others if rows[name].nunique(dropna=False) > 1] for head, rows in frame.groupby("head")
    }
    return [
        " · ".join(describe(n, to_plain(row[n])) for n in telling[row["head"]] if row["applies"] or n in shared)
        for row in frame[["head", *others, "applies"]].to_dict("records")
    ]


def _find_series(peers: Peers, knob: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Of each run: the number of its series, whether there it has a partner with another value, and whether the knob
    makes a difference to it."""
    used = peers.uses(knob)
    others = [name for name in peers.knobs if name != knob]
    series = peers.runs.groupby(["head", *others], sort=False, dropna=False).ngroup()
    partners = peers.runs[knob].groupby([series, used]).transform("nunique", dropna=False)
    return series, used & (partners > 1), used


def _average(runs: pd.DataFrame) -> pd.DataFrame:
    groups = runs.groupby(["series", "place"], sort=False)
    frame = groups[[name for name in COLUMNS if name not in ("series", "place")]].first().reset_index()
    accuracies = groups["test_accuracy"]
    mean, seeds = accuracies.mean().to_numpy(), accuracies.size().to_numpy()
    spans = [compute_mean_interval(values.tolist()) for _, values in accuracies]
    low = [max(span.low, 0.0) if span else np.nan for span in spans]
    high = [min(span.high, 1.0) if span else np.nan for span in spans]
    lowest, highest = accuracies.min().to_numpy(), accuracies.max().to_numpy()
    return frame.assign(
        run_id="", seed=MEAN, seeds=seeds, test_accuracy=mean, lowest=lowest, highest=highest, low=low, high=high
    )[[*COLUMNS]]
