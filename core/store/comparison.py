"""Comparisons: which runs stand side by side, and as which contenders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from core.errors import ComparisonError
from core.recipes import RECIPES, Recipe, recipe_of
from core.spec import HEADS, KNOBS, RunSpec
from core.store.run import Run

_HEAD_KNOBS = {"head", *(name for name, knob in KNOBS.items() if knob.group == "head")}
_SETTING_KNOBS = [name for name in KNOBS if name not in _HEAD_KNOBS | {"seed"}]


@dataclass(frozen=True)
class Contender:
    """Runs that differ in nothing but the seed, in the order of their seeds."""

    label: str
    runs: tuple[Run, ...]

    @property
    def first(self) -> Run:
        return self.runs[0]

    @property
    def spec(self) -> RunSpec:
        return self.first.spec

    @property
    def place(self) -> int:
        return HEADS[self.spec.head].place


@dataclass(frozen=True)
class Comparison:
    """Runs on the same data, grouped into contenders in the order of their heads."""

    contenders: tuple[Contender, ...]

    @classmethod
    def of(cls, runs: Iterable[Run]) -> "Comparison":
        """
        Raises:
            ComparisonError: when there is no run, or the runs were tested on different images.
        """
        groups: dict[RunSpec, dict[int, Run]] = {}
        for run in runs:
            groups.setdefault(run.spec.replace(seed=0), {})[run.spec.seed] = run
        if not groups:
            raise ComparisonError("Expected at least one finished run to compare; got none.")
        members = [tuple(group[seed] for seed in sorted(group)) for group in groups.values()]
        members.sort(key=lambda group: (HEADS[group[0].spec.head].place, group[0].run_id))
        targets = {run.record.data.targets: run for group in members for run in group}
        if len(targets) > 1:
            a, b = list(targets.values())[:2]
            raise ComparisonError(
                f"Expected runs that were tested on the same images; got {a.run_id} on {a.spec.dataset} "
                f"({a.spec.data}) and {b.run_id} on {b.spec.dataset} ({b.spec.data})."
            )
        labels = _labels([group[0].spec for group in members])
        return cls(tuple(Contender(label, group) for label, group in zip(labels, members, strict=True)))

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(run for contender in self.contenders for run in contender.runs)

    @property
    def labels(self) -> list[str]:
        return [contender.label for contender in self.contenders]

    @property
    def first(self) -> Run:
        return self.contenders[0].first

    @cached_property
    def recipe(self) -> Recipe | None:
        return recipe_of(self.first.spec)

    @property
    def official(self) -> bool:
        return self.first.record.data.official


def _labels(specs: Sequence[RunSpec]) -> list[str]:
    """The head's label, with the knobs that tell contenders of one head apart."""
    differing = [name for name in KNOBS if len({getattr(spec, name) for spec in specs}) > 1 and name != "head"]
    labels = []
    for spec in specs:
        same_head = [other for other in specs if other.head == spec.head]
        telling = [n for n in differing if len({getattr(other, n) for other in same_head}) > 1]
        labels.append(" · ".join([HEADS[spec.head].label, *(describe(n, getattr(spec, n)) for n in telling)]))
    return labels


def describe(name: str, value: object) -> str:
    """One knob in words: «3 epochs», «dropout 0.5», «all training images»."""
    knob = KNOBS[name]
    if value is None:
        return f"all {knob.label.lower()}"
    if knob.unit and isinstance(value, int):
        noun = knob.label.lower()
        return f"{value:,} {noun[:-1] if value == 1 and noun.endswith('s') else noun}"
    return f"{knob.label.lower()} {value}"


@dataclass(frozen=True)
class Offer:
    """A comparison that the runs at hand make possible: a recipe at one setting of its knobs.

    `label` names it on the page and in a URL: the recipe, and the knobs that are not the recipe's, in words.
    """

    label: str
    run_ids: tuple[str, ...]


def list_offers(frame: pd.DataFrame) -> list[Offer]:
    """All comparisons in a run list (`RunStore.frame()`), newest first; runs of no recipe are left to be ticked."""
    offers: list[Offer] = []
    frame = frame[frame["recipe"].notna()]
    for values, group in frame.groupby(["recipe", *_SETTING_KNOBS], sort=False, dropna=False):
        recipe = RECIPES[str(values[0])]
        settings = {name: _plain(value) for name, value in zip(_SETTING_KNOBS, values[1:], strict=True)}
        datas = frame.loc[frame["recipe"] == recipe.name, "data"].nunique()
        changed = {n: v for n, v in settings.items() if v != getattr(recipe.spec, n) and (n != "data" or datas > 1)}
        label = " · ".join([recipe.name, *(describe(n, v) for n, v in changed.items())])
        offers.append(Offer(label, tuple(group["run_id"])))
    return offers


def _plain(value: Any) -> Any:
    """A cell of a DataFrame as the Python value it stands for."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
