"""Published figures beside the measured ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.analysis.summary import Estimate, estimate
from core.displays.display import Chart, Display
from core.displays.number import format_accuracy, format_count, format_loss
from core.recipes import Published
from core.spec import KNOBS
from core.store.comparison import Contender, list_changes


def _format_params(value: Estimate, *, published: bool = False) -> str:
    return format_count(value.mean)


def _format_accuracy(value: Estimate, *, published: bool = False) -> str:
    """Published accuracies keep all the digits that their author printed."""
    return f"{value.mean * 100:.2f} %" if published else format_accuracy(value)


def _format_loss(value: Estimate, *, published: bool = False) -> str:
    return f"{value.mean:g}" if published else format_loss(value)


_FORMS: dict[str, tuple[str, Callable[..., str]]] = {
    "params": ("Parameters", _format_params),
    "trainable": ("Trainable parameters", _format_params),
    "non_trainable": ("Non-trainable parameters", _format_params),
    "test_accuracy": ("Test accuracy", _format_accuracy),
    "test_loss": ("Test loss", _format_loss),
}


@dataclass(frozen=True)
class PublishedFigures(Display):
    """What the recipe's author printed, and what these runs give. Empty for a recipe that was not published."""

    name: ClassVar[str] = "published"
    title: ClassVar[str] = "Published, and measured here"

    def _figures(self) -> list[tuple[Published, Contender]]:
        recipe = self.comparison.recipe
        return [
            (figure, contender)
            for figure in (recipe.published if recipe else ())
            for contender in self.comparison.contenders
            if contender.spec.head == figure.head
        ]

    def note(self) -> str:
        """Why the figures of a row may not be compared, in a sentence; empty when they may."""
        recipe, contenders = self.comparison.recipe, [contender for _, contender in self._figures()]
        if recipe is None or not contenders:
            return ""
        changes = list_changes(recipe, contenders)
        reasons = [] if self.comparison.official else ["on other data than published"]
        if changes:
            reasons.append(f"with other settings than published ({', '.join(changes.values())})")
        another_model = any(KNOBS[name].group in ("backbone", "head") for name in changes)
        which = "figures" if another_model else "accuracies and losses"
        return f"Measured {' and '.join(reasons)}: the {which} of a row are not comparable." if reasons else ""

    def frame(self) -> pd.DataFrame:
        """Columns head, metric, published, measured, spread, official (whether the data is the published one)."""
        rows = []
        for figure, contender in self._figures():
            value = estimate(contender, figure.metric)
            rows.append((contender.label, figure.metric, figure.value, value.mean, value.spread))
        frame = pd.DataFrame(rows, columns=["head", "metric", "published", "measured", "spread"])
        return frame.assign(official=self.comparison.official)

    def table(self) -> pd.DataFrame:
        rows = []
        for figure, contender in self._figures():
            name, form = _FORMS[figure.metric]
            measured = form(estimate(contender, figure.metric))
            rows.append((contender.label, name, form(Estimate(figure.value, None, 1), published=True), measured))
        return pd.DataFrame(rows, columns=["Head", "Figure", "Published", "Measured here"])

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        parts = [
            f"{row['Head']}, {row['Figure'].lower()}: published {row['Published']}, here {row['Measured here']}"
            for row in self.table().to_dict("records")
        ]
        return "; ".join(parts) + "." if parts else "This recipe has no published figures."
