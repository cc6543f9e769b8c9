"""The confusions that one head has and another has not."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.disagreement import Pair, compare_confused_pairs
from core.displays.display import Chart, Display
from core.displays.encoding import GREY, write_note
from core.displays.number import format_plural
from core.displays.palette import colors

_MOST = 12


@dataclass(frozen=True)
class ConfusionDifference(Display):
    """Mean number of test images over the seeds that two heads take for a wrong class. `pair` None is all pairs; the
    picture is of the first."""

    name: ClassVar[str] = "confusions"
    title: ClassVar[str] = "Confusions that one head has and the other has not"

    pair: Pair | None = None

    @cached_property
    def _found(self) -> pd.DataFrame:
        frame = compare_confused_pairs(self.comparison, self.pair)
        names = dict(enumerate(self.comparison.first.record.data.classes))
        return frame.assign(label=frame["label"].map(names), predicted=frame["predicted"].map(names))

    def frame(self) -> pd.DataFrame:
        """Columns a, b, label, guess, images_a, images_b, difference, only (the head that alone has it, else empty)."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found
        return pd.DataFrame(
            {
                "Confusion": frame["label"] + " taken for " + frame["predicted"],
                "Heads": frame["a"] + " and " + frame["b"],
                "Images, first": frame["images_a"].map("{:,.1f}".format),
                "Images, second": frame["images_b"].map("{:,.1f}".format),
                "Only": frame["only"],
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
        frame = everything.head(_MOST).copy()
        a, b = str(frame["a"].iloc[0]), str(frame["b"].iloc[0])
        frame["confusion"] = frame["label"] + " → " + frame["predicted"]
        frame["head"] = [a if value > 0 else b for value in frame["difference"]]
        frame["said"] = [
            f"{abs(row['difference']):.1f}".removesuffix(".0") + (" only" if row["only"] else "")
            for row in frame.to_dict("records")
        ]
        palette = colors(self.comparison)
        reach = 1.3 * float(frame["difference"].abs().max())
        base = alt.Chart(frame).encode(
            x=alt.X(
                "difference:Q",
                title="More images by the first ▸ · ◂ by the second",
                scale=alt.Scale(domain=[-reach, reach], nice=False),
                axis=alt.Axis(labelExpr="abs(datum.value)", tickCount=5, tickMinStep=1),
            ),
            y=alt.Y(
                "confusion:N", title="True class → guess", sort=frame["confusion"].tolist(),
                axis=alt.Axis(labelOverlap=False, labelLimit=170),
            ),
            tooltip=[
                alt.Tooltip("label:N", title="True class"),
                alt.Tooltip("predicted:N", title="Guess"),
                alt.Tooltip("images_a:Q", title="Images, first", format=".1f"),
                alt.Tooltip("images_b:Q", title="Images, second", format=".1f"),
            ],
        )  # fmt: skip
        scale = alt.Scale(domain=[a, b], range=[palette[a], palette[b]])
        legend = alt.Legend(title=None, orient="top", columns=2 if max(len(a), len(b)) <= 16 else 1, labelLimit=320)
        bars = base.mark_bar().encode(color=alt.Color("head:N", scale=scale, legend=legend))
        text = base.encode(text="said:N")
        right = text.transform_filter("datum.difference > 0").mark_text(align="left", dx=4, fontSize=11, color=GREY)
        left = text.transform_filter("datum.difference < 0").mark_text(align="right", dx=-4, fontSize=11, color=GREY)
        count = len(everything)
        shown = f"The {_MOST} largest of {count:,} differences" if count > _MOST else "All differences"
        title = f"{shown}, mean over the seeds; «only»: the other head never does it."
        note = write_note(title)
        return (bars + right + left).properties(title=note, height=alt.Step(22))

    def describe(self) -> str:
        frame = self._first()
        if frame.empty:
            alone = len(self.comparison.variants) < 2
            return "There is one head only." if alone else "No image is taken for another class."
        a, b = frame["a"].iloc[0], frame["b"].iloc[0]
        counts = [f"{head} alone has {format_plural((frame['only'] == head).sum(), 'confusion')}" for head in (a, b)]
        most = frame.iloc[0]
        return (
            f"Of {format_plural(len(frame), 'confusion')}, {counts[0]}, {counts[1]}; they differ most in "
            f"{most['label']} taken for {most['predicted']}, {most['images_a']:.1f} images against {most['images_b']:.1f}."
        )
