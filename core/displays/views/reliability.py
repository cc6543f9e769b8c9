"""Reliability diagram: accuracy by confidence."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.calibration import compute_reliability
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import GREY, color_heads, measure_legend, shape_heads, write_note
from core.displays.number import format_share
from core.displays.scope import describe_excluded
from core.displays.sentence import join_parts
from core.store.elsewhere import Part

MIN_PREDICTIONS = 10
"""Predictions of a bin without which its accuracy is mostly noise: 10 have a standard deviation of up to 16 points."""


@dataclass(frozen=True)
class Reliability(Display):
    """Accuracy against confidence in 15 bins, pooled over seeds, before and after temperature scaling.

    The chart shows bins with at least MIN_PREDICTIONS predictions; the table shows all.
    """

    name: ClassVar[str] = "reliability"
    title: ClassVar[str] = "Reliability diagram"
    needs: ClassVar[tuple[Part, ...]] = ("probabilities",)

    scaled: bool | None = None

    @cached_property
    def _found(self) -> pd.DataFrame:
        frame = compute_reliability(self.available)
        return frame if self.scaled is None else frame[frame["scaled"] == self.scaled].reset_index(drop=True)

    def frame(self) -> pd.DataFrame:
        """Return the columns head, scaled, low, high (bin), predictions, correct, confidence, accuracy.

        `scaled` is after temperature scaling; `predictions` and `correct` are counts over all seeds.
        """
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found[self._found["predictions"] > 0]
        return pd.DataFrame(
            {
                "Confidence": [f"{row['low']:.0%} to {row['high']:.0%}" for row in frame.to_dict("records")],
                self.column: frame["head"],
                "Temperature": np.where(frame["scaled"], "after", "before"),
                "Predictions": frame["predictions"].map("{:,}".format),
                "Mean confidence": frame["confidence"].map(format_share),
                "Accuracy": [
                    format_share(row["accuracy"]) + (" (few)" if row["predictions"] < MIN_PREDICTIONS else "")
                    for row in frame.to_dict("records")
                ],
            }
        )

    def chart(self) -> Chart | None:
        frame = self._found[self._found["predictions"] >= MIN_PREDICTIONS].assign(
            when=lambda found: np.where(found["scaled"], "after temperature scaling", "before temperature scaling")
        )
        if frame.empty:
            return None
        times = ["before temperature scaling", "after temperature scaling"]
        share = alt.Scale(domain=[0, 1])
        axis = alt.Axis(format=".0%", tickCount=5)
        base = alt.Chart(frame).encode(
            x=alt.X("confidence:Q", title="Confidence (probability of the predicted class)", scale=share, axis=axis),
            y=alt.Y("accuracy:Q", title="Accuracy", scale=share, axis=axis),
            color=color_heads(self.comparison),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("when:N", title="Probabilities"),
                alt.Tooltip("confidence:Q", title="Mean confidence", format=".1%"),
                alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
                alt.Tooltip("predictions:Q", title="Predictions, all seeds", format=","),
            ],
        )
        dash = alt.StrokeDash("when:N", scale=alt.Scale(domain=times, range=[[1, 0], [3, 3]]), legend=None)
        lines = base.mark_line(strokeWidth=2).encode(strokeDash=dash)
        size = alt.Size("predictions:Q", scale=alt.Scale(range=[25, 220]), legend=None)
        points = base.mark_point(filled=True, opacity=0.9).encode(size=size, shape=shape_heads(self.comparison))
        ideal = alt.Chart(pd.DataFrame({"x": [0, 1], "y": [0, 1]})).mark_line(strokeDash=[2, 4], color=GREY)
        note = write_note(
            "Solid: before temperature scaling; dashed: after; gray: perfect calibration. Marker size: number of "
            f"predictions. {self._describe_excluded()}"
        )
        return (ideal.encode(x=alt.X("x:Q"), y=alt.Y("y:Q")) + lines + points).properties(
            height=420 + measure_legend(self.comparison.labels), title=note
        )

    def _describe_excluded(self) -> str:
        few = self._found["predictions"].between(1, MIN_PREDICTIONS - 1).sum()
        return describe_excluded(int(few), "bin", f"with fewer than {MIN_PREDICTIONS} predictions")

    def describe(self) -> str:
        parts: dict[str, list[str]] = {}
        for (head, scaled), rows in self._found.groupby(["head", "scaled"], sort=False):
            total = rows["predictions"].sum()
            confidence, correct = ((rows["confidence"] * rows["predictions"]).sum(), rows["correct"].sum())
            text = f"{format_share(confidence / total)} and {format_share(correct / total)}" if total else "unknown"
            parts.setdefault(str(head), []).append(f"after temperature scaling {text}" if scaled else text)
        if not parts:
            return "Mean confidence and accuracy, pooled over seeds."
        found = join_parts([f"{head}: {', '.join(texts)}" for head, texts in parts.items()])
        text = f"Mean confidence and accuracy, pooled over seeds. {found}. {self._describe_excluded()}"
        return text.rstrip()
