"""Runs on the same test set, grouped by configuration and seed."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from core.spec import HEADS, SETTINGS, RunSpec
from core.store.comparison import Comparison, describe_setting, to_plain
from core.store.index import list_rows_of

_NO_SETTING = ("head", "seed")


@dataclass(frozen=True, eq=False)
class RunsOnTestSet:
    """All finished runs on the same test set.

    `runs` has one row per run, sorted by configuration and seed, with the columns of a run list (`RunStore.frame()`)
    and three more: `label` of the head, `configuration` (its number; its runs differ only in the seed) and `name` of
    the configuration: the head and the hyperparameters that distinguish it.
    """

    runs: pd.DataFrame

    @classmethod
    def of(cls, comparison: Comparison) -> "RunsOnTestSet":
        """Select the runs of a comparison."""
        return cls.within(comparison, list_rows_of(comparison.runs))

    @classmethod
    def within(cls, comparison: Comparison, frame: pd.DataFrame) -> "RunsOnTestSet":
        """Select the runs in a run list that have the test set of a comparison."""
        frame = frame[frame["targets"] == comparison.first.record.data.targets]
        columns = [name for name in SETTINGS if name != "seed" and frame[name].nunique(dropna=False) > 1]
        orders = frame["head"].map({name: head.order for name, head in HEADS.items()})
        frame = frame.assign(label=frame["head"].map({name: head.label for name, head in HEADS.items()}), order=orders)
        frame = frame.sort_values(["order", "head", *columns, "seed"], kind="stable", ignore_index=True)
        groups = frame.groupby(["head", *columns], sort=False, dropna=False).ngroup()
        frame = frame.drop(columns="order").assign(configuration=groups)
        return cls(frame.assign(name=groups.map(_name_configurations(frame, columns))))

    @cached_property
    def settings(self) -> list[str]:
        """Names of the hyperparameters in which the configurations differ, except the head."""
        return [n for n in SETTINGS if n not in _NO_SETTING and self.runs[n].nunique(dropna=False) > 1]

    @cached_property
    def _key(self) -> str:
        written = self.runs["run_id"] + self.runs["finished_at"]
        return hashlib.sha256("".join(written).encode()).hexdigest()

    def __str__(self) -> str:
        """Return a cache key, which differs for different runs."""
        return self._key

    def uses(self, setting: str) -> pd.Series:
        """Return for each run whether a hyperparameter has an effect; the units of a Dense layer have none on GAP."""
        kinds = ["dataset", "backbone", "head"]
        known = {
            values: RunSpec(dataset=values[0], backbone=values[1], head=values[2]).uses(setting)
            for values in set(self.runs[kinds].itertuples(index=False, name=None))
        }
        return pd.Series(
            [known[values] for values in self.runs[kinds].itertuples(index=False, name=None)], self.runs.index, bool
        )


def _name_configurations(frame: pd.DataFrame, columns: list[str]) -> dict[int, str]:
    """Return the name of each configuration, by its number (see `RunsOnTestSet`)."""
    names = {}
    for _, rows in frame.groupby("head", sort=False):
        differing = [name for name in columns if name != "head" and rows[name].nunique(dropna=False) > 1]
        for row in rows.drop_duplicates("configuration")[["configuration", "label", *differing]].to_dict("records"):
            parts = [describe_setting(name, to_plain(row[name])) for name in differing]
            names[int(row["configuration"])] = " · ".join([str(row["label"]), *parts])
    return names
