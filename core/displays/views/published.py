"""Published and measured results."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.analysis.summary import SeedMean, describe_metric
from core.displays.display import Chart, Display
from core.displays.number import format_accuracy, format_count, format_loss, format_published_accuracy
from core.recipe import PublishedResult
from core.spec import SETTINGS
from core.store.comparison import Variant, describe_setting, list_changes

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
        stated = {name for result, _ in self._results() for name in result.settings}  # in the rows of the table
        changes = {name: text for name, text in list_changes(recipe, variants).items() if name not in stated}
        reasons = [] if self.comparison.official else ["on different data"]
        if changes:
            reasons.append(f"with different hyperparameters ({', '.join(changes.values())})")
        another_model = any(SETTINGS[name].group in ("backbone", "head") for name in changes)
        which = "results" if another_model else "accuracies and losses"
        return (
            f"Measured {' and '.join(reasons)}: published and measured {which} are not comparable." if reasons else ""
        )

    def frame(self) -> pd.DataFrame:
        """Return the columns head, metric, published, published_high (the end of a printed range, otherwise missing),
        measured, std, official (whether the data is as published)."""
        rows = []
        for result, variant in self._results():
            value = measure_result(result, variant)
            rows.append((variant.label, result.metric, result.value, result.high, value.mean, value.std))
        columns = ["head", "metric", "published", "published_high", "measured", "std"]
        frame = pd.DataFrame(rows, columns=columns).astype({"published_high": "float64"})
        return frame.assign(official=self.comparison.official)

    def table(self) -> pd.DataFrame:
        rows = []
        for result, variant in self._results():
            name, write, form = FORMS[result.metric]
            measured = measure_result(result, variant)
            shown = "–" if math.isnan(measured.mean) else form(measured)
            rows.append((variant.label, f"{name}{write_conditions(result)}", write(result), shown))
        return pd.DataFrame(rows, columns=["Head", "Metric", "Published", "Measured"])

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        parts = [
            f"{row['Head']}, {row['Metric'].lower()}: published {row['Published']}, measured {row['Measured']}"
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
