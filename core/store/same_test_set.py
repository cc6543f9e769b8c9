"""Runs on the same test set, grouped by configuration and seed."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from core.spec import HEADS, SETTINGS, RunSpec
from core.store.comparison import Comparison, to_plain
from core.store.index import list_rows_of
from core.store.setting_text import describe_setting

_NO_SETTING = ("head", "seed")


@dataclass(frozen=True, eq=False)
class RunsOnTestSet:
    """All finished runs on the same test set.

    `runs` has one row per run, sorted by configuration and seed, with the columns of a run list (`RunStore.frame()`)
    and three more: `label` of the head, `configuration` (its number; its runs differ only in the seed) and `name` of
    the configuration: the head and the hyperparameters that distinguish it.

    `diverged` are specs on the same data that have no run, because their training diverged.
    """

    runs: pd.DataFrame
    diverged: tuple[RunSpec, ...] = ()

    @classmethod
    def of(cls, comparison: Comparison) -> "RunsOnTestSet":
        """Select the runs of a comparison, and the diverged specs that have other values of what its runs vary."""
        found = cls._select(comparison, list_rows_of(comparison.runs))
        return replace(found, diverged=tuple(spec for spec in found.diverged if found._varies(spec)))

    @classmethod
    def within(cls, comparison: Comparison, frame: pd.DataFrame) -> "RunsOnTestSet":
        """Select the runs in a run list that have the test set of a comparison. Runs with withheld test results are
        left out, except those of the comparison."""
        shown = frame[~frame["withheld"]]
        own = [run for run in comparison.runs if run.run_id not in set(shown["run_id"])]
        return cls._select(comparison, pd.concat([shown, list_rows_of(own)]) if own else shown)

    @classmethod
    def _select(cls, comparison: Comparison, frame: pd.DataFrame) -> "RunsOnTestSet":
        frame = frame[frame["targets"] == comparison.first.record.data.targets]
        known = set(frame["run_id"])
        lost = (spec for spec in (*comparison.diverged, *comparison.diverged_others) if spec.run_id not in known)
        return cls(_name_rows(frame), tuple(lost))

    def without_elsewhere(self) -> "RunsOnTestSet":
        """Return the runs that Headroom trained."""
        own = self.runs["elsewhere"] == ""
        return self if own.all() else replace(self, runs=self.runs[own].reset_index(drop=True))

    def with_diverged(self) -> "RunsOnTestSet":
        """Return the runs with one row per diverged spec, whose accuracies are NaN."""
        if not self.diverged:
            return self
        frame = self.runs.drop(columns=["label", "configuration", "name"])
        rows = [{**spec.model_dump(), "run_id": spec.run_id, "finished_at": ""} for spec in self.diverged]
        lost = pd.DataFrame(rows).reindex(columns=frame.columns)
        return RunsOnTestSet(_name_rows(pd.DataFrame([*frame.to_dict("records"), *lost.to_dict("records")])))

    def _varies(self, spec: RunSpec) -> bool:
        """Return whether each hyperparameter has a value of the runs, or the runs differ in it."""
        values = {name: {*map(to_plain, self.runs[name])} for name in SETTINGS if name not in _NO_SETTING}
        return all(getattr(spec, name) in found or len(found) > 1 for name, found in values.items())

    @cached_property
    def settings(self) -> list[str]:
        """Names of the hyperparameters in which the configurations differ, except the head."""
        known = self.runs[self.runs["elsewhere"] == ""]
        return [n for n in SETTINGS if n not in _NO_SETTING and known[n].nunique(dropna=False) > 1]

    @cached_property
    def _key(self) -> str:
        written = [*(self.runs["run_id"] + self.runs["finished_at"]), *(spec.run_id for spec in self.diverged)]
        return hashlib.sha256("".join(written).encode()).hexdigest()

    def __str__(self) -> str:
        """Return a cache key, which differs for different runs."""
        return self._key

    def uses(self, setting: str) -> pd.Series:
        """Return for each run whether a hyperparameter has an effect; the units of a Dense layer have none on GAP."""
        kinds = ["dataset", "backbone", "head", "elsewhere"]
        known = {
            values: not values[3] and RunSpec(dataset=values[0], backbone=values[1], head=values[2]).uses(setting)
            for values in set(self.runs[kinds].itertuples(index=False, name=None))
        }
        return pd.Series(
            [known[values] for values in self.runs[kinds].itertuples(index=False, name=None)], self.runs.index, bool
        )


def _name_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows and add the columns label, configuration and name (see `RunsOnTestSet`)."""
    columns = [name for name in SETTINGS if name != "seed" and frame[name].nunique(dropna=False) > 1]
    orders = frame["head"].map({name: head.order for name, head in HEADS.items()})
    labels = frame["head"].map({name: head.label for name, head in HEADS.items()})
    frame = frame.assign(label=labels.where(frame["elsewhere"] == "", frame["elsewhere"]), order=orders)
    frame = frame.sort_values(["order", "elsewhere", "head", *columns, "seed"], kind="stable", ignore_index=True)
    groups = frame.groupby(["head", "elsewhere", *columns], sort=False, dropna=False).ngroup()
    frame = frame.drop(columns="order").assign(configuration=groups)
    return frame.assign(name=groups.map(_name_configurations(frame, columns)))


def _name_configurations(frame: pd.DataFrame, columns: list[str]) -> dict[int, str]:
    """Return the name of each configuration, by its number (see `RunsOnTestSet`)."""
    names = {}
    for _, rows in frame.groupby("label", sort=False):
        differing = [name for name in columns if name != "head" and rows[name].nunique(dropna=False) > 1]
        for row in rows.drop_duplicates("configuration")[["configuration", "label", *differing]].to_dict("records"):
            parts = [describe_setting(name, to_plain(row[name])) for name in differing]
            names[int(row["configuration"])] = " · ".join([str(row["label"]), *parts])
    return names
