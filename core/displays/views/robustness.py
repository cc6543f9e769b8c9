"""Test accuracy of each head by severity of a corruption."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.robustness import compute_robustness, list_tested
from core.augment.corruption import CORRUPTIONS
from core.displays.chart_view import Chart
from core.displays.display import Display, Options
from core.displays.encoding import color_heads, dash_heads, measure_legend, shape_heads, write_note
from core.displays.equal_points import SHIFT, with_shifts
from core.displays.number import format_share, format_share_interval
from core.displays.scope import describe_intervals, describe_subset
from core.displays.sentence import join_parts
from core.displays.views.robustness_loss import explain_missing
from core.store.comparison import MANY_VARIANTS, Comparison


@dataclass(frozen=True)
class RobustnessCurve(Display):
    """Accuracy by severity of one `corruption`, on the test images that were evaluated for all runs.

    An empty `corruption` selects all of them in the data, and the first in the chart.
    """

    name: ClassVar[str] = "robustness"
    title: ClassVar[str] = "Accuracy under corruption"
    shows_evidence: ClassVar[bool] = True

    corruption: str = ""

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        return {"corruption": {"": "all", **{name: corruption.label for name, corruption in CORRUPTIONS.items()}}}

    @cached_property
    def _found(self) -> pd.DataFrame:
        frame = compute_robustness(list_tested(self.comparison))
        return frame[frame["corruption"] == self.corruption].reset_index(drop=True) if self.corruption else frame

    def frame(self) -> pd.DataFrame:
        """Return the columns head, corruption, value, accuracy, low, high, images, seeds."""
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        frame = self._found
        rows = frame.to_dict("records")
        return pd.DataFrame(
            {
                "Corruption": [_write(str(row["corruption"]), float(row["value"])) for row in rows],
                self.column: frame["head"],
                "Accuracy": frame["accuracy"].map(format_share),
                "95% interval": [format_share_interval(row["low"], row["high"]) for row in rows],
                "Images": frame["images"].map("{:,}".format),
                "Seeds": frame["seeds"],
            }
        )

    def chart(self) -> Chart | None:
        frame = self._found
        if frame.empty:
            return None
        corruption = CORRUPTIONS[str(frame["corruption"].iloc[0])]
        frame = frame[frame["corruption"] == corruption.name].assign(
            what=lambda rows: rows["value"].map(corruption.write)
        )
        frame = with_shifts(frame, [frame["value"], frame["accuracy"]], 9, 18, across=1.0)
        base = alt.Chart(frame).encode(
            x=alt.X("value:Q", title=f"{corruption.label} ({corruption.unit})", scale=alt.Scale(nice=False, padding=6),
                    axis=alt.Axis(values=[*corruption.values], labelOverlap=True, grid=False)),
            color=color_heads(self.comparison),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("what:N", title="Corruption"),
                alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
                alt.Tooltip("low:Q", title="Lower bound (95%)", format=".1%"),
                alt.Tooltip("high:Q", title="Upper bound (95%)", format=".1%"),
            ],
        )  # fmt: skip
        y = alt.Y("accuracy:Q", title="Accuracy", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%"))
        bands = base.mark_area(opacity=0.18).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
        lines = base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash_heads(self.comparison))
        points = base.mark_point(filled=True, size=70, opacity=1, xOffset=SHIFT).encode(
            y=y, shape=shape_heads(self.comparison)
        )
        many = len(self.comparison.variants) > MANY_VARIANTS  # whose bands would hide each other
        cover = "Point to a mark for its 95% interval." if many else describe_intervals(frame["seeds"])
        layers = alt.layer(*([] if many else [bands]), lines, points)
        note = write_note(f"Mean over seeds on {self._images()}. {cover}")
        return layers.properties(height=380 + measure_legend(self.comparison.labels), title=note)

    def _images(self) -> str:
        total = self.comparison.first.record.data.test_images
        return describe_subset(int(self._found["images"].iloc[0]), total)

    def describe(self) -> str:
        parts: dict[str, list[str]] = {}
        for (head, name), rows in self._found.groupby(["head", "corruption"], sort=False):
            corruption = CORRUPTIONS[str(name)]
            at = rows.set_index("value")["accuracy"]
            if corruption.usual in at.index:
                clean = [f"{format_share(at[corruption.neutral])} on clean images"]
                usual = f"{format_share(at[corruption.usual])} {corruption.write(corruption.usual)}"
                parts.setdefault(str(head), clean).append(usual)
        if not parts:
            return f"Accuracy on clean and on corrupted images. {explain_missing(self.comparison)}".rstrip()
        cover = describe_intervals(self._found["seeds"])
        text = join_parts([f"{head} {', '.join(shares)}" for head, shares in parts.items()])
        return f"Accuracy on clean and on corrupted images ({self._images()}). {text}. {cover}"


def _write(name: str, value: float) -> str:
    corruption = CORRUPTIONS[name]
    return f"{corruption.label}: {'unchanged' if value == corruption.neutral else corruption.write(value)}"
