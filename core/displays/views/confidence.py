"""Distribution of confidence over correct and wrong predictions."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.calibration import compute_confidence
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import color_heads, measure_legend, shape_heads, write_note
from core.displays.number import format_share
from core.displays.sentence import join_parts
from core.store.elsewhere import Part


@dataclass(frozen=True)
class Confidence(Display):
    """Histogram of the confidence of a head, separate for correct and wrong predictions."""

    name: ClassVar[str] = "confidence"
    title: ClassVar[str] = "Confidence of correct and wrong predictions"
    needs: ClassVar[tuple[Part, ...]] = ("probabilities",)

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_confidence(self.available)

    def frame(self) -> pd.DataFrame:
        """Return the columns head, correct, low, high (confidence bin), predictions (all seeds) and share.

        `share` is a fraction of the correct or of the wrong predictions; 0 without such predictions.
        """
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found[self._found["predictions"] > 0]
        return pd.DataFrame(
            {
                "Confidence": [f"{row['low']:.0%} to {row['high']:.0%}" for row in frame.to_dict("records")],
                self.column: frame["head"],
                "Outcome": frame["correct"].map({True: "correct", False: "wrong"}),
                "Predictions": frame["predictions"].map("{:,}".format),
                "Share": frame["share"].map(format_share),
            }
        )

    def chart(self) -> Chart | None:
        if self._found.empty:
            return None
        frame = self._found.assign(
            middle=(self._found["low"] + self._found["high"]) / 2,
            kind=self._found["correct"].map({True: "correct", False: "wrong"}),
        )
        full = float(frame["share"].max()) > 0.8  # a round end of the axis would be above 100%
        base = alt.Chart(frame).encode(
            x=alt.X(
                "middle:Q", title="Confidence", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5)
            ),
            y=alt.Y(
                "share:Q",
                title="Share of predictions",
                scale=alt.Scale(domainMax=1) if full else alt.Scale(),
                axis=alt.Axis(format=".0%", tickCount=4),
            ),
            color=color_heads(self.comparison),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("kind:N", title="Outcome"),
                alt.Tooltip("low:Q", title="Confidence, from", format=".0%"),
                alt.Tooltip("high:Q", title="Confidence, to", format=".0%"),
                alt.Tooltip("predictions:Q", title="Predictions, all seeds", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        dash = alt.StrokeDash(
            "kind:N", scale=alt.Scale(domain=["correct", "wrong"], range=[[1, 0], [3, 3]]), legend=None
        )
        steps = base.mark_line(interpolate="step", strokeWidth=2.4).encode(strokeDash=dash)
        marks = base.mark_point(filled=True, size=36).encode(shape=shape_heads(self.comparison))
        note = "Solid: correct predictions; dashed: wrong predictions."
        return (steps + marks).properties(height=340 + measure_legend(self.comparison.labels), title=write_note(note))

    def describe(self) -> str:
        parts: dict[str, list[str]] = {}
        for (head, correct), rows in self._found.groupby(["head", "correct"], sort=False):
            if rows["predictions"].sum():
                share = rows.loc[rows["low"] >= 0.9, "share"].sum()
                kind = "correct" if correct else "wrong"
                parts.setdefault(str(head), []).append(f"{format_share(share)} of the {kind} predictions")
        text = join_parts([f"{head}: {' and '.join(shares)} above 93%" for head, shares in parts.items()])
        return f"Confidence of correct and wrong predictions. {text or 'There are no predictions'}."
