"""Accuracy over the values of one knob, all others held: series of settings that differ in nothing else."""

from collections.abc import Hashable

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
    return [name for name in peers.knobs if name not in _NO_KNOBS and not compute_knob_curve(peers, name).empty]


def compute_knob_curve(peers: Peers, knob: str) -> pd.DataFrame:
    """Columns COLUMNS: a row a run, and one with seed −1 for each series and value, the mean over its seeds.

    A series are runs of one head that are equal in every other knob; one with a single value has no curve and is left
    out. `place` counts the values from 0, in their order; what is left open comes last. `rest` says in words how a
    series differs from others of its head. A head for which the knob makes no difference stands at each value, with
    `applies` False, where all but the head is as in a series. `lowest` and `highest` are over the seeds, `low` and
    `high` the 95 % interval of the mean (Student's t), NaN for one seed.
    """
    runs, used = peers.runs, peers.uses(knob)
    others = [name for name in peers.knobs if name != knob]
    shared = [name for name in others if KNOBS[name].group != "head"]
    frame = runs.assign(
        series=runs.groupby(["head", *others], sort=False, dropna=False).ngroup(),
        # of the knobs that are not the head's; all runs are alike where there is none
        around=runs.groupby(shared, sort=False, dropna=False).ngroup() if shared else 0,
    )
    curves = frame[used & (frame.groupby(["series", used])[knob].transform("nunique", dropna=False) > 1)]
    if curves.empty:
        return pd.DataFrame(columns=[*COLUMNS])
    values = sorted({to_plain(value) for value in curves[knob]}, key=lambda value: (value is None, value or 0))
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
    means = [_average(rows) for _, rows in whole.groupby(["series", "place"], sort=False)]
    both = pd.concat([whole[[*COLUMNS]], pd.DataFrame(means, columns=[*COLUMNS]).astype({"lowest": float})])
    return both.sort_values(["series", "place", "seed"], kind="stable", ignore_index=True)


def _name_rest(frame: pd.DataFrame, others: list[str], shared: list[str]) -> list[str]:
    telling = {
        head: [name for name in others if rows[name].nunique(dropna=False) > 1] for head, rows in frame.groupby("head")
    }
    return [
        " · ".join(describe(n, to_plain(row[n])) for n in telling[row["head"]] if row["applies"] or n in shared)
        for row in frame[["head", *others, "applies"]].to_dict("records")
    ]


def _average(rows: pd.DataFrame) -> dict[Hashable, object]:
    values = rows["test_accuracy"].tolist()
    interval = compute_mean_interval(values)
    low, high = (max(interval.low, 0.0), min(interval.high, 1.0)) if interval else (np.nan, np.nan)
    return {
        **rows.iloc[0][[*COLUMNS]].to_dict(),
        "run_id": "", "seed": MEAN, "seeds": len(values), "test_accuracy": float(np.mean(values)),
        "lowest": min(values), "highest": max(values), "low": low, "high": high,
    }  # fmt: skip
