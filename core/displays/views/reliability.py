"""Reliability: how often a head is right when it says how sure it is."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.calibration import compute_ece, compute_reliability
from core.displays.display import Chart, Display
from core.displays.encoding import GREY, color_heads, shape_heads, write_note
from core.displays.number import format_share


@dataclass(frozen=True)
class Reliability(Display):
    """Accuracy against confidence in 15 bins, all seeds of a head together, as predicted and after one temperature."""

    name: ClassVar[str] = "reliability"
    title: ClassVar[str] = "How often it is right when it is so sure"

    scaled: bool | None = None

    @cached_property
    def _found(self) -> pd.DataFrame:
        frame = compute_reliability(self.comparison)
        return frame if self.scaled is None else frame[frame["scaled"] == self.scaled].reset_index(drop=True)

    def frame(self) -> pd.DataFrame:
        """Columns head, scaled (by its temperature), low, high (of the bin), guesses, rights, confidence, accuracy;
        guesses count every seed's."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found[self._found["predictions"] > 0]
        return pd.DataFrame(
            {
                "Confidence": [f"{row['low']:.0%} to {row['high']:.0%}" for row in frame.to_dict("records")],
                "Head": frame["head"],
                "Temperature": np.where(frame["scaled"], "after", "before"),
                "Guesses": frame["predictions"].map("{:,}".format),
                "Mean confidence": frame["confidence"].map(format_share),
                "Accuracy": frame["accuracy"].map(format_share),
            }
        )

    def chart(self) -> Chart | None:
        frame = self._found[self._found["predictions"] > 0].assign(
            when=lambda found: np.where(found["scaled"], "after temperature scaling", "as predicted")
        )
        if frame.empty:
            return None
        times = ["as predicted", "after temperature scaling"]
        share = alt.Scale(domain=[0, 1])
        axis = alt.Axis(format=".0%", tickCount=5)
        base = alt.Chart(frame).encode(
            x=alt.X("confidence:Q", title="Confidence: probability of the guess", scale=share, axis=axis),
            y=alt.Y("accuracy:Q", title="Accuracy", scale=share, axis=axis),
            color=color_heads(self.comparison),
            tooltip=[
                alt.Tooltip("head:N", title="Head"),
                alt.Tooltip("when:N", title="Probabilities"),
                alt.Tooltip("confidence:Q", title="Mean confidence", format=".1%"),
                alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
                alt.Tooltip("predictedes:Q", title="Guesses, all seeds", format=","),
            ],
        )
        dash = alt.StrokeDash("when:N", scale=alt.Scale(domain=times, range=[[1, 0], [3, 3]]), legend=None)
        lines = base.mark_line(strokeWidth=2).encode(strokeDash=dash)
        size = alt.Size("predictedes:Q", scale=alt.Scale(range=[25, 220]), legend=None)
        points = base.mark_point(filled=True, opacity=0.9).encode(size=size, shape=shape_heads(self.comparison))
        ideal = alt.Chart(pd.DataFrame({"x": [0, 1], "y": [0, 1]})).mark_line(strokeDash=[2, 4], color=GREY)
        text = "Solid: as predicted; dashed: after temperature scaling; grey: ideal. Large marks: many guesses."
        note = write_note(text)
        return (ideal.encode(x="x:Q", y="y:Q") + lines + points).properties(height=420, title=note)

    def describe(self) -> str:
        parts = []
        for (head, scaled), rows in self._found.groupby(["head", "scaled"], sort=False):
            error = compute_ece(rows)
            said = format_share(error) if np.isfinite(error) else "unknown"
            parts.append(f"{head}{' after temperature scaling' if scaled else ''}: calibration error {said}")
        return "Accuracy against confidence, all seeds together. " + "; ".join(parts) + "."
