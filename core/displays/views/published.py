"""Published figures beside the measured ones."""

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
    """Published accuracies keep all the digits that their author printed."""
    return f"{value.mean * 100:.2f} %" if published else format_accuracy(value)


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
    """What the recipe's author printed, and what these runs give. Empty for a recipe that was not published."""

    name: ClassVar[str] = "published"
    title: ClassVar[str] = "Published, and measured here"

    def _figures(self) -> list[tuple[PublishedResult, Variant]]:
        recipe = self.comparison.recipe
        return [
            (figure, variant)
            for figure in (recipe.published if recipe else ())
            for variant in self.comparison.variants
            if variant.spec.head == figure.head
        ]

    def note(self) -> str:
        """Why the figures of a row may not be compared, in a sentence; empty when they may."""
        recipe, variants = self.comparison.recipe, [variant for _, variant in self._figures()]
        if recipe is None or not variants:
            return ""
        changes = list_changes(recipe, variants)
        reasons = [] if self.comparison.official else ["on other data than published"]
        if changes:
            reasons.append(f"with other settings than published ({', '.join(changes.values())})")
        another_model = any(SETTINGS[name].group in ("backbone", "head") for name in changes)
        which = "figures" if another_model else "accuracies and losses"
        return f"Measured {' and '.join(reasons)}: the {which} of a row are not comparable." if reasons else ""

    def frame(self) -> pd.DataFrame:
        """Columns head, metric, published, measured, std, official (whether the data is the published one)."""
        rows = []
        for figure, variant in self._figures():
            value = describe_metric(variant, figure.metric)
            rows.append((variant.label, figure.metric, figure.value, value.mean, value.std))
        frame = pd.DataFrame(rows, columns=["head", "metric", "published", "measured", "std"])
        return frame.assign(official=self.comparison.official)

    def table(self) -> pd.DataFrame:
        rows = []
        for figure, variant in self._figures():
            name, form = _FORMS[figure.metric]
            measured = form(describe_metric(variant, figure.metric))
            rows.append((variant.label, name, form(SeedMean(figure.value, None, 1), published=True), measured))
        return pd.DataFrame(rows, columns=["Head", "Figure", "PublishedResult", "Measured here"])

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        parts = [
            f"{row['Head']}, {row['Figure'].lower()}: published {row['Published']}, here {row['Measured here']}"
            for row in self.table().to_dict("records")
        ]
        return "; ".join(parts) + "." if parts else "This recipe has no published figures."
