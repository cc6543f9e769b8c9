"""Published and measured results."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.analysis.summary import SeedMean, describe_metric
from core.displays.display import Chart, Display
from core.displays.number import format_accuracy, format_count, format_loss
from core.recipes import PublishedResult
from core.spec import SETTINGS
from core.store.comparison import Variant, list_changes


def _format_params(value: SeedMean, *, published: bool = False) -> str:
    return format_count(value.mean)


def _format_accuracy(value: SeedMean, *, published: bool = False) -> str:
    """Format an accuracy; published values keep two decimals."""
    return f"{value.mean * 100:.2f}%" if published else format_accuracy(value)


def _format_loss(value: SeedMean, *, published: bool = False) -> str:
    return f"{value.mean:g}" if published else format_loss(value)


_FORMS: dict[str, tuple[str, Callable[..., str]]] = {
    "params": ("Parameters", _format_params),
    "trainable": ("Trainable parameters", _format_params),
    "non_trainable": ("Non-trainable parameters", _format_params),
    "test_accuracy": ("Test accuracy", _format_accuracy),
    "test_loss": ("Test loss", _format_loss),
}


@dataclass(frozen=True)
class PublishedResults(Display):
    """Published results of the recipe and measured results of the runs. Empty if the recipe was not published."""

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
        changes = list_changes(recipe, variants)
        reasons = [] if self.comparison.official else ["on different data"]
        if changes:
            reasons.append(f"with different hyperparameters ({', '.join(changes.values())})")
        another_model = any(SETTINGS[name].group in ("backbone", "head") for name in changes)
        which = "results" if another_model else "accuracies and losses"
        return (
            f"Measured {' and '.join(reasons)}: published and measured {which} are not comparable." if reasons else ""
        )

    def frame(self) -> pd.DataFrame:
        """Return the columns head, metric, published, measured, std, official (whether the data is as published)."""
        rows = []
        for result, variant in self._results():
            value = describe_metric(variant, result.metric)
            rows.append((variant.label, result.metric, result.value, value.mean, value.std))
        frame = pd.DataFrame(rows, columns=["head", "metric", "published", "measured", "std"])
        return frame.assign(official=self.comparison.official)

    def table(self) -> pd.DataFrame:
        rows = []
        for result, variant in self._results():
            name, form = _FORMS[result.metric]
            measured = form(describe_metric(variant, result.metric))
            rows.append((variant.label, name, form(SeedMean(result.value, None, 1), published=True), measured))
        return pd.DataFrame(rows, columns=["Head", "Metric", "Published", "Measured"])

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        parts = [
            f"{row['Head']}, {row['Metric'].lower()}: published {row['Published']}, measured {row['Measured']}"
            for row in self.table().to_dict("records")
        ]
        return "; ".join(parts) + "." if parts else "This recipe has no published results."
