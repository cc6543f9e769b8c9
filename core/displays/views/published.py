"""Published and measured results."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.analysis.seed_mean import SeedMean
from core.analysis.summary import describe_metric
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.number import format_accuracy, format_count, format_loss, format_published_accuracy
from core.recipe import PublishedResult, Recipe
from core.spec import DATASETS, SETTINGS
from core.store.comparison import Variant, list_changes
from core.store.setting_text import describe_setting

FORMS: dict[str, tuple[str, Callable[[PublishedResult], str], Callable[[SeedMean], str]]] = {
    name: (label, lambda result: result.write(format_count), lambda value: format_count(value.mean))
    for name, label in (
        ("params", "Parameters"),
        ("trainable", "Trainable parameters"),
        ("non_trainable", "Non-trainable parameters"),
    )
} | {
    "test_accuracy": ("Test accuracy", format_published_accuracy, format_accuracy),
    "test_loss": ("Test loss", lambda result: result.write("{:.4f}".format), format_loss),
}


@dataclass(frozen=True)
class PublishedResults(Display):
    """Results that the author printed and measured results of the runs. Empty if the author printed none.

    A published result with other hyperparameters than the recipe has no measured value unless the runs have them too.
    """

    name: ClassVar[str] = "published"
    title: ClassVar[str] = "Published and measured results"

    def _results(self) -> list[tuple[PublishedResult, Variant]]:
        recipe = self.comparison.recipe
        return [
            (result, variant)
            for result in (recipe.published if recipe else ())
            for variant in self.comparison.variants
            if variant.spec.head == result.head
        ]

    def note(self) -> str:
        """Explain why published and measured results are not comparable; empty if they are."""
        recipe, variants = self.comparison.recipe, [variant for _, variant in self._results()]
        if recipe is None or not variants:
            return ""
        stated = {"dataset", *(name for result, _ in self._results() for name in result.settings)}  # in the table
        changes = {name: text for name, text in list_changes(recipe, variants).items() if name not in stated}
        other = self._other_dataset(recipe)
        images = self._describe_images(recipe)
        reasons = [f"on {other} instead of {DATASETS[recipe.spec.dataset].label}"] if other else []
        if not other and not self.comparison.official:
            reasons.append("on different data")
        if images:
            reasons.append(images)
        if changes:
            reasons.append(f"with different hyperparameters ({', '.join(changes.values())})")
        another_model = images or any(SETTINGS[name].group in ("backbone", "head") for name in changes)
        which = "results" if another_model else "accuracies and losses"
        return (
            f"Measured {' and '.join(reasons)}: published and measured {which} are not comparable." if reasons else ""
        )

    def _other_dataset(self, recipe: Recipe) -> str:
        """Return the name of the dataset if it is not that of the recipe, otherwise an empty text."""
        dataset = self.comparison.first.spec.dataset
        return "" if dataset == recipe.spec.dataset else DATASETS[dataset].label

    def _describe_images(self, recipe: Recipe) -> str:
        """Return how image shape or number of classes differ from those of published parameter counts."""
        data = self.comparison.first.record.data
        parts = []
        if data.input_shape != recipe.input_shape:
            shapes = [" × ".join(map(str, shape)) for shape in (data.input_shape, recipe.input_shape)]
            parts.append(f"images of {shapes[0]} instead of {shapes[1]}")
        if len(data.classes) != recipe.classes:
            parts.append(f"{len(data.classes):,} classes instead of {recipe.classes:,}")
        return f"with {' and '.join(parts)}" if parts else ""

    def frame(self) -> pd.DataFrame:
        """Return the columns head, metric, published, published_high (the end of a printed range, otherwise missing),
        measured, std, official (whether the data is as published)."""
        rows = []
        for result, variant in self._results():
            value = measure_result(result, variant)
            rows.append((variant.label, result.metric, result.value, result.high, value.mean, value.std))
        columns = ["head", "metric", "published", "published_high", "measured", "std"]
        frame = pd.DataFrame(rows, columns=columns).astype({"published_high": "float64"})
        recipe = self.comparison.recipe
        return frame.assign(official=self.comparison.official and not (recipe and self._other_dataset(recipe)))

    def table(self) -> pd.DataFrame:
        rows = []
        recipe = self.comparison.recipe
        for result, variant in self._results():
            assert recipe is not None
            name, write, form = FORMS[result.metric]
            conditions = write_conditions(result)
            if self._other_dataset(recipe) and result.metric.startswith("test"):
                conditions += f" (published: {DATASETS[recipe.spec.dataset].label})"
            measured = measure_result(result, variant)
            shown = "–" if math.isnan(measured.mean) else form(measured)
            rows.append((variant.label, f"{name}{conditions}", write(result), shown))
        return pd.DataFrame(rows, columns=[self.column, "Metric", "Published", "Measured"])

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        parts = [
            f"{row[self.column]}, {row['Metric'].lower()}: published {row['Published']}, measured {row['Measured']}"
            for row in self.table().to_dict("records")
        ]
        return "; ".join(parts) + "." if parts else "This recipe has no published results."


def write_conditions(result: PublishedResult) -> str:
    """Return the hyperparameters of a result that differ from the recipe, such as ", all training images"."""
    return "".join(f", {describe_setting(*setting)}" for setting in result.settings.items())


def measure_result(result: PublishedResult, variant: Variant) -> SeedMean:
    """Return the measured value; NaN if the result has hyperparameters that the variant does not have."""
    if any(getattr(variant.spec, name) != value for name, value in result.settings.items()):
        return SeedMean(math.nan, None, 0)
    return describe_metric(variant, result.metric)
