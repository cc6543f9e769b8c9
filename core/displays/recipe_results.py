"""Results of a recipe: what the author printed, what the layers give, and what the runs measured."""

import math

import pandas as pd

from core.architecture.recipe_model import compute_recipe_model
from core.displays.number import format_count
from core.displays.views.published import FORMS, measure_result, write_conditions
from core.recipe import PublishedResult, Recipe
from core.spec import HEADS
from core.store.comparison import Comparison, Variant

_COUNTS = ("params", "trainable", "non_trainable")
_MAX_DIGITS = len("0.1234")  # of a rounded value
NONE = "–"
Row = tuple[str, ...]


def build_recipe_results(recipe: Recipe, comparison: Comparison | None) -> pd.DataFrame:
    """Return the columns Head, Metric, Published (if anything is), Computed and Measured; a missing value is "–".

    Counts of parameters are in every recipe. Trainable and non-trainable ones follow in one row if any are not
    trainable. Rows without a value are left out.

    Args:
        comparison: runs of the recipe; None without runs.
    """
    rows = [row for head in recipe.heads for row in _list_rows(recipe, head, comparison)]
    rows = [row for row in _join_splits(rows) if any(value != NONE for value in row[2:])]
    frame = pd.DataFrame(rows, columns=["Head", "Metric", "Published", "Computed", "Measured"])
    return frame if recipe.published else frame.drop(columns="Published")


def _join_splits(rows: list[Row]) -> list[Row]:
    """Join the row of non-trainable parameters to that of trainable ones before it."""
    joined: list[Row] = []
    for row in rows:
        if row[1] == FORMS["non_trainable"][0]:
            values = [
                f"{a} / {b}" if (a, b) != (NONE, NONE) else NONE for a, b in zip(joined[-1][2:], row[2:], strict=True)
            ]
            joined[-1] = (row[0], "Trainable / non-trainable parameters", *values)
        else:
            joined.append(row)
    return joined


def _list_rows(recipe: Recipe, head: str, comparison: Comparison | None) -> list[Row]:
    model = compute_recipe_model(recipe, head)
    variant = find_variant(recipe, head, comparison)
    printed = [result for result in recipe.published if result.head == head]
    metrics = [*(_COUNTS if model.non_trainable else _COUNTS[:1]), "test_accuracy"]
    wanted = [metric for metric in FORMS if metric in metrics or any(result.metric == metric for result in printed)]
    rows: list[Row] = []
    for metric in wanted:
        computed = format_count(getattr(model, metric)) if metric in _COUNTS else NONE
        results = [result for result in printed if result.metric == metric]
        for result in results or [PublishedResult(head, metric, math.nan)]:
            name, write, _ = FORMS[metric]
            published = NONE if math.isnan(result.value) else write(result)
            label = f"{name}{write_conditions(result)}"
            rows.append((HEADS[head].label, label, published, computed, _measure(result, variant)))
    return rows


def find_variant(recipe: Recipe, head: str, comparison: Comparison | None) -> Variant | None:
    """Return the variant with the settings of the recipe, otherwise the first one with this head."""
    variants = [variant for variant in comparison.variants if variant.spec.head == head] if comparison else []
    own = recipe.spec_of(head)
    same = (v for v in variants if v.spec.replace(seed=0, data=own.data, folder=own.folder) == own)
    return next(same, next(iter(variants), None))


def describe_printed(recipe: Recipe) -> str:
    """Return the published results as the author printed them, if the table rounds them; otherwise empty."""
    parts = []
    for result in recipe.published:
        name, write, _ = FORMS[result.metric]
        exact = result.printed or (f"{result.value!r}" if len(f"{result.value!r}") > _MAX_DIGITS else "")
        if exact and exact != write(result) and result.metric not in _COUNTS:
            parts.append(f"{HEADS[result.head].label}, {name.lower()}: {exact}")
    return f"As printed: {'; '.join(parts)}. " if parts else ""


def _measure(result: PublishedResult, variant: Variant | None) -> str:
    if variant is None:
        return NONE
    value = measure_result(result, variant)
    return NONE if math.isnan(value.mean) else FORMS[result.metric][2](value)
