"""Comparisons: runs on the same test set, grouped into variants."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

from core.errors import ComparisonError
from core.recipe import Recipe
from core.recipes import RECIPES, recipe_of
from core.spec import DATASETS, HEADS, SETTINGS, RunSpec
from core.store.elsewhere import order_of
from core.store.offer_key import group_backbones, write_key
from core.store.run import Run
from core.store.setting_text import FORMER, Describe, describe_backbone, describe_setting, describe_value, join_values
from core.store.variant_label import have_several_backbones, label_variants, list_differing_settings

if TYPE_CHECKING:
    import pandas as pd

_HEAD_SETTINGS = {"head", *(name for name, setting in SETTINGS.items() if setting.group == "head")}
MANY_VARIANTS = 6  # more have a compact layout
_CONFIGURATION = [name for name in SETTINGS if name not in _HEAD_SETTINGS | {"seed"}]


@dataclass(frozen=True)
class Variant:
    """Runs that differ only in the seed, sorted by seed."""

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
        return order_of(self.spec)

    @cached_property
    def key(self) -> str:
        """ID that does not depend on the other variants, such as "gap-3f9a12bc"."""
        return f"{self.spec.head}-{self.spec.configuration.run_id[:8]}"


@dataclass(frozen=True)
class Comparison:
    """Runs on the same test set, grouped into variants.

    They are sorted by head, then by hyperparameters; more than MANY_VARIANTS by test accuracy instead, the highest
    first, unless they differ in one hyperparameter only.

    Attributes:
        diverged: specs with the same configuration whose training diverged: they have no run.
        diverged_others: those with the same data and another configuration, such as other values of a sweep.
        baseline: ID of the variant that a user chose as the reference of all differences; "" for the default
            (`core.analysis.baseline.find_baseline`).
    """

    variants: tuple[Variant, ...]
    diverged: tuple[RunSpec, ...] = ()
    diverged_others: tuple[RunSpec, ...] = ()
    baseline: str = ""

    @classmethod
    def of(cls, runs: Iterable[Run]) -> "Comparison":
        """Group runs into variants.

        Raises:
            ComparisonError: when there are no runs, or they use different test sets.
        """
        groups: dict[RunSpec, dict[int, Run]] = {}
        for run in runs:
            group = groups.setdefault(run.spec.configuration, {})
            same = group.get(run.spec.seed, run)
            kept = run if same.run_id == run.run_id else run.with_seed(next(n for n in count() if n not in group))
            group[kept.spec.seed] = kept
        if not groups:
            raise ComparisonError("There are no finished runs to compare. Train or select at least one run.")
        members = [tuple(group[seed] for seed in sorted(group)) for group in groups.values()]
        members.sort(key=lambda group: rank_spec(group[0].spec))
        if len(members) > MANY_VARIANTS and len(list_differing_settings([group[0].spec for group in members])) != 1:
            members.sort(key=_mean_accuracy, reverse=True)
        targets = {run.record.data.targets: run for group in members for run in group}
        if len(targets) > 1:
            a, b = list(targets.values())[:2]
            raise ComparisonError(
                f"These runs use different test sets and cannot be compared: {a.run_id} uses {a.spec.dataset} "
                f"({a.spec.data}), {b.run_id} uses {b.spec.dataset} ({b.spec.data})."
            )
        if len({len(run.record.data.classes) for group in members for run in group}) > 1:
            raise ComparisonError("These runs have different numbers of classes and cannot be compared.")
        labels = label_variants([group[0].spec.configuration for group in members])  # a label is that of all its seeds
        return cls(tuple(Variant(label, group) for label, group in zip(labels, members, strict=True)))

    def with_diverged(self, specs: Iterable[RunSpec]) -> "Comparison":
        """Add the specs of diverged jobs on the same data that have no run in the comparison."""
        runs, data = {run.run_id for run in self.runs}, {_list_data(run.spec) for run in self.runs}
        known = {_list_configuration(run.spec) for run in self.runs}
        lost = [spec for spec in specs if spec.run_id not in runs and _list_data(spec) in data]
        same = tuple(spec for spec in lost if _list_configuration(spec) in known)
        return replace(self, diverged=same, diverged_others=tuple(spec for spec in lost if spec not in same))

    def with_baseline(self, key: str) -> "Comparison":
        """Choose the baseline by the ID of a variant; "" for the default.

        Raises:
            ComparisonError: when no variant has this ID.
        """
        keys = [variant.key for variant in self.variants]
        if key and key not in keys:
            raise ComparisonError(f"Expected baseline to be one of {', '.join(keys)}; got {key!r:.60}.")
        return replace(self, baseline=key)

    @property
    def noun(self) -> str:
        """Return what the variants are: "head", or "setting" of one head, or "variant" if more differs."""
        specs = [variant.spec for variant in self.variants]
        heads = {spec.elsewhere or spec.head for spec in specs}
        if any(spec.elsewhere for spec in specs) or (len(heads) > 1 and have_several_backbones(specs)):
            return "variant"
        if len(heads) == len(self.variants):
            return "head"
        return "setting" if len(heads) == 1 else "variant"

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(run for variant in self.variants for run in variant.runs)

    @property
    def labels(self) -> list[str]:
        return [variant.label for variant in self.variants]

    @cached_property
    def former_labels(self) -> dict[str, str]:
        """Labels by those that older versions wrote, which old drafts and links contain."""
        specs = [variant.spec.configuration for variant in self.variants]
        former = [label_variants(specs, describe) for describe in FORMER]
        found = {label: current for labels in former for label, current in zip(labels, self.labels, strict=True)}
        for labels in (*former, self.labels):
            for spec, label, current in zip(specs, labels, self.labels, strict=True):
                heads = () if spec.elsewhere else HEADS[spec.head].former_labels
                found |= {head + label.removeprefix(spec.label): current for head in heads}
        return found

    @property
    def first(self) -> Run:
        """The first run; one that Headroom trained, if there is any."""
        return next((variant.first for variant in self.variants if not variant.spec.elsewhere), self.variants[0].first)

    @cached_property
    def recipe(self) -> Recipe | None:
        return recipe_of(self.first.spec)

    @property
    def official(self) -> bool:
        return all(run.record.data.official for run in self.runs)


def _list_configuration(spec: RunSpec) -> tuple[object, ...]:
    return tuple(getattr(spec, name) for name in _CONFIGURATION)


def _mean_accuracy(group: Sequence[Run]) -> float:
    return sum(run.record.metrics.test_accuracy for run in group) / len(group)


def _list_data(spec: RunSpec) -> tuple[object, ...]:
    return spec.dataset, spec.data, spec.folder, spec.attribute


def rank_spec(spec: RunSpec) -> tuple[Any, ...]:
    """Return the sort key of a variant: its head, then its hyperparameters in order; None comes last."""
    values = (getattr(spec, name) for name in SETTINGS if name != "head")
    first = bool(spec.elsewhere), spec.elsewhere, 0 if spec.elsewhere else order_of(spec)
    return *first, *((value is None, 0 if value is None else value) for value in values)


def list_changes(recipe: Recipe, variants: Iterable[Variant]) -> dict[str, str]:
    """Describe the hyperparameters that differ from the recipe, by name, such as "1 epoch instead of 25"."""
    own: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for variant in (variant for variant in variants if not variant.spec.elsewhere):
        default = recipe.spec_of(variant.spec.head)
        for name in SETTINGS:
            value, usual = getattr(variant.spec, name), getattr(default, name)
            if name in ("seed", "data", "folder", "model") or value == usual:  # `backbone` has the name of a model
                continue
            own[name] = (describe_setting if isinstance(usual, bool) else describe_value)(name, usual)
            text = describe_backbone(variant.spec) if name == "backbone" else describe_setting(name, value)
            values.setdefault(name, []).append(text)
    return {
        name: f"{join_values([*dict.fromkeys(values[name])])} instead of {own[name]}"
        for name in SETTINGS
        if name in own
    }


def count_training_images(run: Run) -> int | None:
    """Return the size of the complete training split, including validation images; None if the record lacks it."""
    data, spec = run.record.data, run.spec
    if data.train_count is not None or run.spec.elsewhere:
        return data.train_count
    if spec.train_images is None:
        return (data.train_images or 0) + (data.validation_images or 0)
    return DATASETS[spec.dataset].official_counts[0] if data.official else None


@dataclass(frozen=True)
class Offer:
    """An available comparison: the runs of a recipe with one configuration of hyperparameters.

    Attributes:
        key: ID that does not depend on other runs: the recipe, with a hash of hyperparameters and data that differ.
        label: The recipe and the hyperparameters that differ from it; last the fingerprint of the data, if data of the
            same name have several.
        former: IDs of former links. Several comparisons can have the same one.
        own: Whether no hyperparameter differs.
    """

    key: str
    label: str
    former: frozenset[str]
    run_ids: tuple[str, ...]
    own: bool


def list_offers(frame: "pd.DataFrame") -> list[Offer]:
    """List the available comparisons in a run list (`RunStore.frame()`), the most informative first.

    The order depends on: two heads or more, the recipe's own hyperparameters, the official data, the number of seeds
    that two heads have, and finally the date, newest first. So a quick trial does not replace a complete comparison as
    the default. Runs without a recipe are not included, nor runs of an advice whose test results are withheld.
    """
    offers: list[tuple[tuple[bool, bool, bool, int], Offer]] = []
    frame = group_backbones(frame[frame["recipe"].notna() & ~frame["withheld"]], _CONFIGURATION)
    named = frame.groupby(["recipe", "dataset", "folder"], dropna=False)["data"]
    frame = frame.assign(versions=named.transform("nunique"))
    for values, group in frame.groupby(["recipe", *_CONFIGURATION], sort=False, dropna=False):
        recipe = RECIPES[str(values[0])]
        settings = {name: to_plain(value) for name, value in zip(_CONFIGURATION, values[1:], strict=True)}
        changed = {name: value for name, value in settings.items() if value != getattr(recipe.spec, name)}
        long, short = (_write_label(recipe, changed, without) for without in ("", "data"))
        former = {_write_label(recipe, changed, without, old) for without in ("", "data") for old in FORMER}
        own = not changed.keys() - {"data", "folder"}
        heads = Counter(head for head, _ in set(zip(group["head"], group["seed"], strict=True)))
        seeds = sorted(heads.values(), reverse=True)[1] if len(heads) > 1 else 0
        rank = len(heads) > 1, own, bool(group["official"].all()), seeds
        has_version = "data" in changed and group["versions"].iloc[0] > 1
        label = f"{short} · {describe_setting('data', changed['data'])}" if has_version else short
        former |= {label, long, short, *_list_former_keys(recipe, settings)}
        offer = Offer(write_key(recipe, changed), label, frozenset(former), tuple(group["run_id"]), own)
        offers.append((rank, offer))
    return [
        offer for _, offer in sorted(offers, key=lambda pair: pair[0], reverse=True)
    ]  # stable, so equal ranks stay newest first


def _list_former_keys(recipe: Recipe, settings: dict[str, Any]) -> list[str]:
    """Return the ID from when the recipe of a run was the first one with its dataset and backbone."""
    first = settings["dataset"], settings["backbone"]
    former = next((r for r in RECIPES.values() if (r.spec.dataset, r.spec.backbone) == first), recipe)
    changed = {name: value for name, value in settings.items() if value != getattr(former.spec, name)}
    return [write_key(former, changed), *(_write_label(former, changed, without) for without in ("", "data"))]


def find_offers(offers: Iterable[Offer], text: str) -> list[Offer]:
    """Return the comparison with a key. The label of an old link, or a recipe without a hash, can mean several."""
    offers = list(offers)
    return (
        [offer for offer in offers if offer.key == text]
        or [offer for offer in offers if text in offer.former]
        or [offer for offer in offers if offer.key.startswith(f"{text}:") and text.startswith("recipe:")]
    )


def _write_label(recipe: Recipe, changed: dict[str, Any], without: str, describe: Describe | None = None) -> str:
    left_out = {without, "backbone"} if changed.get("model") and describe is None else {without}
    parts = [describe_setting(name, value, describe) for name, value in changed.items() if name not in left_out]
    return " · ".join([recipe.name, *parts])


def to_plain(value: Any) -> Any:
    """Convert a cell of a DataFrame to a Python value."""
    import pandas as pd

    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value
