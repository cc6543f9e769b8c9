"""Peers: all finished runs that were tested on the same images, told apart by setting and seed."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from core.spec import HEADS, SETTINGS, RunSpec
from core.store.comparison import Comparison, describe_setting, to_plain
from core.store.index import read_records

_NO_SETTING = ("head", "seed")


@dataclass(frozen=True, eq=False)
class RunsOnTestSet:
    """`runs` has a row a run, by setting and then by seed, with the columns of a run list
    (`RunStore.frame()`) and three more: `label` of the head, `configuration` (number of the group of runs that differ in
    nothing but the seed) and `name` of the setting, which says how it differs from the others of its head."""

    runs: pd.DataFrame

    @classmethod
    def of(cls, comparison: Comparison) -> "RunsOnTestSet":
        """The runs of a comparison alone."""
        return cls.within(comparison, read_records(run.record for run in comparison.runs))

    @classmethod
    def within(cls, comparison: Comparison, frame: pd.DataFrame) -> "RunsOnTestSet":
        """Of a run list, the runs that were tested on the images of the comparison."""
        frame = frame[frame["targets"] == comparison.first.record.data.targets]
        columns = [name for name in SETTINGS if name != "seed" and frame[name].nunique(dropna=False) > 1]
        places = frame["head"].map({name: head.order for name, head in HEADS.items()})
        frame = frame.assign(label=frame["head"].map({name: head.label for name, head in HEADS.items()}), place=places)
        frame = frame.sort_values(["place", "head", *columns, "seed"], kind="stable", ignore_index=True)
        groups = frame.groupby(["head", *columns], sort=False, dropna=False).ngroup()
        frame = frame.drop(columns="place").assign(configuration=groups)
        return cls(frame.assign(name=groups.map(_name_settings(frame, columns))))

    @cached_property
    def settings(self) -> list[str]:
        """Names of the knobs by which the settings differ, the head aside."""
        return [n for n in SETTINGS if n not in _NO_SETTING and self.runs[n].nunique(dropna=False) > 1]

    @cached_property
    def _key(self) -> str:
        written = self.runs["run_id"] + self.runs["finished_at"]
        return hashlib.sha256("".join(written).encode()).hexdigest()

    def __str__(self) -> str:
        """Another text for other runs."""
        return self._key

    def uses(self, setting: str) -> pd.Series:
        """Whether the knob makes a difference to each run: the units of a Dense layer are none of GAP's."""
        kinds = ["dataset", "backbone", "head"]
        known = {
            values: RunSpec(dataset=values[0], backbone=values[1], head=values[2]).uses(setting)
            for values in set(self.runs[kinds].itertuples(index=False, name=None))
        }
        return pd.Series(
            [known[values] for values in self.runs[kinds].itertuples(index=False, name=None)], self.runs.index, bool
        )


def _name_settings(frame: pd.DataFrame, columns: list[str]) -> dict[int, str]:
    """By number of the setting: the head's label, with the knobs that tell settings of one head apart."""
    names = {}
    for _, rows in frame.groupby("head", sort=False):
        telling = [name for name in columns if name != "head" and rows[name].nunique(dropna=False) > 1]
        for row in rows.drop_duplicates("configuration")[["configuration", "label", *telling]].to_dict("records"):
            told = [describe_setting(name, to_plain(row[name])) for name in telling]
            names[int(row["configuration"])] = " · ".join([str(row["label"]), *told])
    return names
