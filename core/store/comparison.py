"""Comparisons: which runs stand side by side, and as which contenders."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from core.errors import ComparisonError
from core.recipes import RECIPES, Recipe, recipe_of
from core.spec import DATASETS, HEADS, SETTINGS, RunSpec
from core.store.run import Run

_HEAD_SETTINGS = {"head", *(name for name, setting in SETTINGS.items() if setting.group == "head")}
_SETTING_SETTINGS = [name for name in SETTINGS if name not in _HEAD_SETTINGS | {"seed"}]


@dataclass(frozen=True)
class Variant:
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
    def order(self) -> int:
        return HEADS[self.spec.head].order


@dataclass(frozen=True)
class Comparison:
    """Runs on the same data, grouped into contenders in the order of their heads."""

    variants: tuple[Variant, ...]

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
        members.sort(key=lambda group: (HEADS[group[0].spec.head].order, group[0].run_id))
        targets = {run.record.data.targets: run for group in members for run in group}
        if len(targets) > 1:
            a, b = list(targets.values())[:2]
            raise ComparisonError(
                f"Expected runs that were tested on the same images; got {a.run_id} on {a.spec.dataset} "
                f"({a.spec.data}) and {b.run_id} on {b.spec.dataset} ({b.spec.data})."
            )
        labels = _labels([group[0].spec for group in members])
        return cls(tuple(Variant(label, group) for label, group in zip(labels, members, strict=True)))

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(run for variant in self.variants for run in variant.runs)

    @property
    def labels(self) -> list[str]:
        return [variant.label for variant in self.variants]

    @property
    def first(self) -> Run:
        return self.variants[0].first

    @cached_property
    def recipe(self) -> Recipe | None:
        return recipe_of(self.first.spec)

    @property
    def official(self) -> bool:
        return all(run.record.data.official for run in self.runs)


def _labels(specs: Sequence[RunSpec]) -> list[str]:
    """The head's label, with the knobs that tell contenders of one head apart."""
    differing = [name for name in SETTINGS if len({getattr(spec, name) for spec in specs}) > 1 and name != "head"]
    labels = []
    for spec in specs:
        same_head = [other for other in specs if other.head == spec.head]
        telling = [n for n in differing if len({getattr(other, n) for other in same_head}) > 1]
        labels.append(" · ".join([HEADS[spec.head].label, *(describe_setting(n, getattr(spec, n)) for n in telling)]))
    return labels


def describe_setting(name: str, value: object) -> str:
    """One knob in words: «3 epochs», «dropout 0.5», «all training images», «no augmentation»."""
    setting = SETTINGS[name]
    noun = setting.label.lower()
    if value is None:
        return {"all": f"all {noun}", "none": f"no {noun}"}.get(setting.none, f"{noun} {setting.none}")
    if value is True or value is False or value == "":
        return noun if value else f"no {noun}"
    if setting.unit and noun.endswith(setting.unit) and isinstance(value, int):
        return f"{value:,} {noun[:-1] if value == 1 else noun}"
    return f"{noun} {describe_value(name, value)}"


def describe_epochs(runs: Sequence[Run]) -> str:
    """«25 epochs», or «7–9 of 25 epochs» where patience ended some of them before."""
    trained, asked = [run.record.trained_epochs for run in runs], max(run.spec.epochs for run in runs)
    if min(trained) == max(trained) == asked:
        return describe_setting("epochs", asked)
    few = f"{min(trained):,}" + (f"–{max(trained):,}" if min(trained) < max(trained) else "")
    return f"{few} of {describe_setting('epochs', asked)}"


def describe_value(name: str, value: object) -> str:
    """The value of a knob whose name is said already: «1,000», «0.5», «all»."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return SETTINGS[name].none if value is None else f"{value:,}" if isinstance(value, int) else str(value) or "none"


def list_changes(recipe: Recipe, variants: Iterable[Variant]) -> dict[str, str]:
    """What was not trained as the recipe says, in words by knob: «1 epoch instead of 25»."""
    own: dict[str, Any] = {}
    values: dict[str, list[Any]] = {}
    for variant in variants:
        wanted = recipe.spec_of(variant.spec.head)
        for name in SETTINGS:
            value = getattr(variant.spec, name)
            if name not in ("seed", "data", "folder") and value != getattr(wanted, name):
                own[name] = getattr(wanted, name)
                values.setdefault(name, []).append(value)
    return {
        name: f"{' and '.join(describe_setting(name, value) for value in dict.fromkeys(values[name]))} "
        f"instead of {describe_value(name, own[name])}"
        for name in SETTINGS
        if name in own
    }


def count_training_images(run: Run) -> int | None:
    """Images of the dataset's whole training split, those for validation among them; None where none wrote it down."""
    data, spec = run.record.data, run.spec
    if data.train_count is not None:
        return data.train_count
    if spec.train_images is None:
        return data.train_images + data.validation_images
    return DATASETS[spec.dataset].official_counts[0] if data.official else None


@dataclass(frozen=True)
class Offer:
    """A comparison that the runs at hand make possible: a recipe at one setting of its knobs.

    `label` names it on the page and in a URL: the recipe, and the knobs that are not the recipe's, in words. `own`
    says that there are none.
    """

    label: str
    run_ids: tuple[str, ...]
    own: bool


def list_offers(frame: pd.DataFrame) -> list[Offer]:
    """All comparisons in a run list (`RunStore.frame()`), the one that answers its question best first.

    First come those of two heads or more, among them those at the recipe's own settings, then those on the official
    data, then those with the most seeds that two heads have, and of equals the newest: a quick trial does not push a
    finished report from the front page. Runs of no recipe are left to be ticked.
    """
    offers: list[tuple[tuple[bool, bool, bool, int], Offer]] = []
    frame = frame[frame["recipe"].notna()]
    for values, group in frame.groupby(["recipe", *_SETTING_SETTINGS], sort=False, dropna=False):
        recipe = RECIPES[str(values[0])]
        settings = {name: to_plain(value) for name, value in zip(_SETTING_SETTINGS, values[1:], strict=True)}
        datas = frame.loc[frame["recipe"] == recipe.name, "data"].nunique()
        changed = {n: v for n, v in settings.items() if v != getattr(recipe.spec, n) and (n != "data" or datas > 1)}
        label = " · ".join([recipe.name, *(describe_setting(n, v) for n, v in changed.items())])
        own = not changed.keys() - {"data", "folder"}
        heads = Counter(head for head, _ in set(zip(group["head"], group["seed"], strict=True)))
        seeds = sorted(heads.values(), reverse=True)[1] if len(heads) > 1 else 0
        rank = len(heads) > 1, own, bool(group["official"].all()), seeds
        offers.append((rank, Offer(label, tuple(group["run_id"]), own)))
    return [offer for _, offer in sorted(offers, key=lambda pair: pair[0], reverse=True)]  # equals stay newest first


def to_plain(value: Any) -> Any:
    """A cell of a DataFrame as the Python value it stands for."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
