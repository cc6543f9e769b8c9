"""Per-class accuracy of each head, with confidence intervals."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.disagreement import compute_class_accuracy
from core.displays.axis import scale_shares
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import AXIS_CHARS, color_heads, shape_heads, write_note
from core.displays.label import fit_labels
from core.displays.number import format_share, format_share_interval, quote_class
from core.displays.scope import describe_intervals
from core.displays.sentence import join_parts

_MAX_CLASSES, _MAX_ROWS = 20, 120


@dataclass(frozen=True)
class ClassAccuracy(Display):
    """Share of correctly predicted test images of each class, for the runs of one seed. `pair` selects two heads."""

    name: ClassVar[str] = "class_accuracy"
    title: ClassVar[str] = "Per-class accuracy"

    pair: tuple[str, str] | None = None
    seed: int | None = None

    def frame(self) -> pd.DataFrame:
        """Return the columns head, seed, label, images, correct, accuracy, low, high (95% Wilson score intervals)."""
        frame = compute_class_accuracy(self.comparison, self.seed)
        frame["label"] = frame["label"].map(dict(enumerate(self.comparison.first.record.data.classes)))
        return frame if self.pair is None else frame[frame["head"].isin(self.pair)].reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        return pd.DataFrame(
            {
                "Class": frame["label"],
                self.column: frame["head"],
                "Test images": frame["images"].map("{:,}".format),
                "Accuracy": frame["accuracy"].map(format_share),
                "95% interval": [format_share_interval(row["low"], row["high"]) for row in frame.to_dict("records")],
            }
        )

    @cached_property
    def _shown(self) -> list[str]:
        """Return the classes of the chart: all with images, or the least accurate ones."""
        frame = self.frame()
        lowest = frame[frame["images"] > 0].groupby("label", sort=False)["accuracy"].min()
        most = max(5, min(_MAX_CLASSES, _MAX_ROWS // max(frame["head"].nunique(), 1)))
        few = {*lowest.nsmallest(most).index} if len(lowest) > _MAX_CLASSES else {*lowest.index}
        return [name for name in self.comparison.first.record.data.classes if name in few]

    def chart(self) -> Chart:
        frame = self.frame()
        classes = self._shown
        frame = frame[frame["label"].isin(classes)]
        base = alt.Chart(frame).encode(
            y=alt.Y(
                "label:N",
                title="Class",
                sort=classes,
                axis=alt.Axis(labelOverlap=False, **fit_labels(classes, AXIS_CHARS, lines=1)),
            ),
            yOffset=alt.YOffset("head:N", sort=self.comparison.labels),
            color=color_heads(self.comparison),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("label:N", title="Class"),
                alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
                alt.Tooltip("low:Q", title="Lower bound (95%)", format=".1%"),
                alt.Tooltip("high:Q", title="Upper bound (95%)", format=".1%"),
                alt.Tooltip("images:Q", title="Test images", format=","),
            ],
        )
        scale = scale_shares([*frame["low"], *frame["high"]])
        x = alt.X("low:Q", title="Accuracy", scale=scale, axis=alt.Axis(format=".0%", tickCount=5))
        lines = base.mark_rule(strokeWidth=2).encode(x=x, x2=alt.X2("high:Q"))
        points = base.mark_point(filled=True, size=60, opacity=1).encode(
            x=alt.X("accuracy:Q"), shape=shape_heads(self.comparison)
        )
        return (lines + points).properties(height=alt.Step(13), title=write_note(describe_intervals([1])))

    def describe(self) -> str:
        frame = self.frame()
        parts = []
        for head, rows in frame[frame["images"] > 0].groupby("head", sort=False):
            worst = rows.sort_values("accuracy").iloc[0]
            share = format_share(worst["accuracy"])
            if rows["accuracy"].nunique() == 1 < len(rows):
                parts.append(f"{head} has the same accuracy on all classes ({share})")
            else:
                parts.append(f"{head} is least accurate on class {quote_class(worst['label'])} ({share})")
        text = f"Per-class accuracy. {join_parts(parts)}. {describe_intervals([1])}"
        count = int((frame.drop_duplicates("label")["images"] > 0).sum())
        if len(self._shown) < count:
            text += f" The chart shows the {len(self._shown)} least accurate of {count:,} classes."
        return text
