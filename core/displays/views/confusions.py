"""Confused class pairs of two heads."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.disagreement import Pair, compare_confused_pairs
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import AXIS_CHARS, GREY, color_styles, write_note
from core.displays.label import fit_labels
from core.displays.number import quote_class, write_pair
from core.displays.palette import compute_styles
from core.plural import format_plural

_MAX_SHOWN = 12


@dataclass(frozen=True)
class ConfusionDifference(Display):
    """Number of misclassified test images per class pair for two heads, as means over seeds.

    `pair` None selects all pairs of heads; the chart shows the first.
    """

    name: ClassVar[str] = "confusions"
    title: ClassVar[str] = "Confused class pairs"

    pair: Pair | None = None

    @cached_property
    def _found(self) -> pd.DataFrame:
        frame = compare_confused_pairs(self.comparison, self.pair)
        names = dict(enumerate(self.comparison.first.record.data.classes))
        return frame.assign(label=frame["label"].map(names), predicted=frame["predicted"].map(names))

    def frame(self) -> pd.DataFrame:
        """Return the columns a, b, label, predicted, images_a, images_b, difference, only (a head or empty)."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame, noun = self._found, self.comparison.noun
        return pd.DataFrame(
            {
                "True class → prediction": [*map(write_pair, frame["label"], frame["predicted"])],
                f"{self.column}s": frame["a"] + " and " + frame["b"],
                f"Images of the first {noun}": frame["images_a"].map("{:,.1f}".format),
                f"Images of the second {noun}": frame["images_b"].map("{:,.1f}".format),
                "Only by": frame["only"],
            }
        )

    def _first(self) -> pd.DataFrame:
        frame = self._found
        return frame[(frame["a"] == frame["a"].iloc[0]) & (frame["b"] == frame["b"].iloc[0])] if len(frame) else frame

    def chart(self) -> Chart | None:
        everything = self._first()
        everything = everything[everything["difference"] != 0]
        if everything.empty:
            return None
        frame = everything.head(_MAX_SHOWN).copy()
        a, b = str(frame["a"].iloc[0]), str(frame["b"].iloc[0])
        frame["pair"] = [*map(write_pair, frame["label"], frame["predicted"])]
        frame["head"] = [a if value > 0 else b for value in frame["difference"]]
        frame["text"] = [
            f"{abs(row['difference']):.1f}".removesuffix(".0") + (" only" if row["only"] else "")
            for row in frame.to_dict("records")
        ]
        noun = self.comparison.noun
        reach = 1.3 * float(frame["difference"].abs().max())
        base = alt.Chart(frame).encode(
            x=alt.X(
                "difference:Q",
                title=f"Difference in images (◂ second {noun} · first {noun} ▸)",
                scale=alt.Scale(domain=[-reach, reach], nice=False),
                axis=alt.Axis(labelExpr="abs(datum.value)", tickCount=5, tickMinStep=1),
            ),
            y=alt.Y(
                "pair:N", title="True class → prediction", sort=frame["pair"].tolist(),
                axis=alt.Axis(labelOverlap=False, **fit_labels(frame["pair"].tolist(), AXIS_CHARS, lines=1)),
            ),
            tooltip=[
                alt.Tooltip("label:N", title="True class"),
                alt.Tooltip("predicted:N", title="Prediction"),
                alt.Tooltip("images_a:Q", title=f"Images of the first {noun}", format=".1f"),
                alt.Tooltip("images_b:Q", title=f"Images of the second {noun}", format=".1f"),
            ],
        )  # fmt: skip
        styles = {head: style for head, style in compute_styles(self.comparison).items() if head in (a, b)}
        bars = base.mark_bar().encode(color=color_styles(styles))
        text = base.encode(text=alt.Text("text:N"))
        right = text.transform_filter("datum.difference > 0").mark_text(align="left", dx=4, fontSize=11, color=GREY)
        left = text.transform_filter("datum.difference < 0").mark_text(align="right", dx=-4, fontSize=11, color=GREY)
        count = len(everything)
        shown = f"The {_MAX_SHOWN} largest of {count:,} differences" if count > _MAX_SHOWN else "All differences"
        title = f'{shown}, mean over the seeds; "only": the other head never confuses this pair.'
        note = write_note(title)
        return (bars + right + left).properties(title=note, height=alt.Step(22))

    def describe(self) -> str:
        frame = self._first()
        if frame.empty:
            single = len(self.comparison.variants) < 2
            return "This comparison has only one variant." if single else "All predictions are correct."
        a, b = frame["a"].iloc[0], frame["b"].iloc[0]
        counts = [f"{(frame['only'] == head).sum():,} only by {head}" for head in (a, b)]
        most = frame.iloc[0]
        pairs = format_plural(len(frame), "confused class pair")
        return (
            f"{pairs}: {counts[0]}, {counts[1]}. Largest difference: class {quote_class(most['label'])} → "
            f"{quote_class(most['predicted'])}, {most['images_a']:.1f} images by {a} and {most['images_b']:.1f} by {b}."
        )
