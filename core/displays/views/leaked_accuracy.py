"""Test accuracy with and without the test images that are also training images."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.leakage import ALL_IMAGES, NOT_LEAKED, compute_leaked_accuracies, describe_leaked
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import FRAME_PIXELS, color_heads, position_heads, write_note
from core.displays.number import format_count, format_points, format_share, format_share_interval
from core.displays.scope import describe_intervals
from core.displays.sentence import join_parts

_NAMES = {ALL_IMAGES: "all test images", NOT_LEAKED: "without leaked images"}


@dataclass(frozen=True)
class LeakedAccuracy(Display):
    """Two rows per head: the accuracy on all test images, and on those that do not leak."""

    name: ClassVar[str] = "leaked_accuracy"
    title: ClassVar[str] = "Test accuracy without leaked images"

    @cached_property
    def _rows(self) -> pd.DataFrame:
        return compute_leaked_accuracies(self.comparison)

    def frame(self) -> pd.DataFrame:
        """Return the columns head, part ("all" or "not leaked"), images (their number), accuracy, low, high, seeds.

        `low` and `high` are the bounds of the 95% confidence interval. Without rows, no image leaks or the images were
        not checked; without rows of "not leaked", all leak.
        """
        return self._rows.copy()

    def table(self) -> pd.DataFrame:
        frame = self._rows
        return pd.DataFrame(
            {
                self.column: frame["head"],
                "Test images": frame["part"].map(_NAMES),
                "Images": frame["images"].map(format_count),
                "Test accuracy": frame["accuracy"].map(format_share),
                "95% interval": [format_share_interval(row["low"], row["high"]) for row in frame.to_dict("records")],
            }
        )

    def chart(self) -> Chart | None:
        frame = self._rows
        if frame["part"].nunique() < 2:
            return None
        frame = frame.assign(name=frame["part"].map(_NAMES))
        base = alt.Chart(frame).encode(
            y=position_heads(self.comparison),
            yOffset=alt.YOffset("name:N", sort=[*_NAMES.values()], scale=alt.Scale(paddingOuter=0.6)),
            color=color_heads(self.comparison, legend=False),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("name:N", title="Test images"),
                alt.Tooltip("images:Q", title="Images", format=","),
                alt.Tooltip("accuracy:Q", title="Test accuracy", format=".1%"),
                alt.Tooltip("low:Q", title="Lower bound (95%)", format=".1%"),
                alt.Tooltip("high:Q", title="Upper bound (95%)", format=".1%"),
            ],
        )
        scale = alt.Scale(zero=False, padding=12)
        title = "Test accuracy"
        axis = alt.Axis(format=".1%", tickCount=5)
        shape = alt.Shape(
            "name:N",
            scale=alt.Scale(domain=[*_NAMES.values()], range=["circle", "diamond"]),
            legend=alt.Legend(title=None, orient="top", symbolStrokeWidth=2),
        )
        layers = [
            base.mark_rule(strokeWidth=2, opacity=0.6).encode(
                x=alt.X("low:Q", title=title, scale=scale, axis=axis), x2=alt.X2("high:Q")
            ),
            base.mark_point(size=110, strokeWidth=2.5, filled=False).encode(
                x=alt.X("accuracy:Q", title=title, scale=scale), shape=shape
            ),
        ]
        note = write_note(describe_intervals(frame["seeds"]))
        return alt.layer(*layers).properties(title=note, height=FRAME_PIXELS + len(self.comparison.labels) * 90)

    def describe(self) -> str:
        frame = self._rows
        if frame.empty:
            return "No leaked test images are known."
        leaked = describe_leaked(self.comparison)
        found = {name: frame[frame["part"] == name].to_dict("records") for name in _NAMES}
        if not found[NOT_LEAKED]:
            return f"{leaked}: the accuracy means nothing."
        pairs = [*zip(found[NOT_LEAKED], found[ALL_IMAGES], strict=True)]
        parts = [
            f"{clean['head']} {format_share(clean['accuracy'])} "
            f"(95% interval {format_share_interval(clean['low'], clean['high'])}) instead of "
            f"{format_share(every['accuracy'])}"
            for clean, every in pairs
        ]
        text = f"{leaked}. Test accuracy without them: {join_parts(parts)}."
        if len(pairs) == 2:
            gaps = (format_points(first["accuracy"] - last["accuracy"]) for first, last in zip(*pairs, strict=True))
            first, last = (clean["head"] for clean, _ in pairs)
            text += f" {first} compared with {last}: {' instead of '.join(gaps)}."
        return f"{text} {describe_intervals(frame['seeds'])}"
