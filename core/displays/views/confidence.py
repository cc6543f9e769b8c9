"""How sure a head is when it is right, and when it is wrong."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.calibration import compute_confidence
from core.displays.display import Chart, Display
from core.displays.encoding import color_heads, shape_heads, write_note
from core.displays.number import format_share


@dataclass(frozen=True)
class Confidence(Display):
    """Of the right guesses of a head, and of its wrong ones, which share was made with which confidence."""

    name: ClassVar[str] = "confidence"
    title: ClassVar[str] = "How sure it is when right, and when wrong"

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_confidence(self.comparison)

    def frame(self) -> pd.DataFrame:
        """Columns head, right, low, high (of the bin of confidence), guesses (of all seeds), share (of the right, or of
        the wrong ones; 0 when there are none)."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found[self._found["predictions"] > 0]
        return pd.DataFrame(
            {
                "Confidence": [f"{row['low']:.0%} to {row['high']:.0%}" for row in frame.to_dict("records")],
                "Head": frame["head"],
                "Guesses that are": frame["correct"].map({True: "right", False: "wrong"}),
                "Number": frame["predictions"].map("{:,}".format),
                "Share of these": frame["share"].map(format_share),
            }
        )

    def chart(self) -> Chart:
        frame = self._found.assign(
            middle=(self._found["low"] + self._found["high"]) / 2,
            kind=self._found["correct"].map({True: "right", False: "wrong"}),
        )
        base = alt.Chart(frame).encode(
            x=alt.X(
                "middle:Q", title="Confidence", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5)
            ),
            y=alt.Y("share:Q", title="Share", axis=alt.Axis(format=".0%", tickCount=4)),
            color=color_heads(self.comparison),
            tooltip=[
                alt.Tooltip("head:N", title="Head"),
                alt.Tooltip("kind:N", title="Guesses that are"),
                alt.Tooltip("low:Q", title="Confidence from", format=".0%"),
                alt.Tooltip("high:Q", title="to", format=".0%"),
                alt.Tooltip("predictedes:Q", title="Guesses, all seeds", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        dash = alt.StrokeDash("kind:N", scale=alt.Scale(domain=["right", "wrong"], range=[[1, 0], [3, 3]]), legend=None)
        steps = base.mark_line(interpolate="step", strokeWidth=2.4).encode(strokeDash=dash)
        marks = base.mark_point(filled=True, size=36).encode(shape=shape_heads(self.comparison))
        note = "Solid: share of the right guesses; dashed: of the wrong ones."
        return (steps + marks).properties(height=340, title=write_note(note))

    def describe(self) -> str:
        parts = []
        for (head, right), rows in self._found.groupby(["head", "correct"], sort=False):
            sure = rows.loc[rows["low"] >= 0.9, "share"].sum()
            total = int(rows["predictions"].sum())
            if total:
                parts.append(
                    f"{head} is surer than 93 % in {format_share(sure)} of its {'right' if right else 'wrong'} guesses"
                )
        return "Confidence of right and wrong guesses. " + ("; ".join(parts) or "There is no guess") + "."
