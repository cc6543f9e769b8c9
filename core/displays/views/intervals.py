"""Test accuracy with confidence intervals: of each head over its seeds, and of each run over its test images."""

from dataclasses import dataclass
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.accuracy import compute_accuracies
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import FRAME_PIXELS, color_heads, position_heads, shape_heads, write_note
from core.displays.number import format_share, format_share_interval
from core.displays.scope import describe_intervals
from core.displays.sentence import join_parts
from core.plural import format_plural


@dataclass(frozen=True)
class Intervals(Display):
    """95% confidence intervals: thick lines for the means over seeds, thin lines for single runs."""

    name: ClassVar[str] = "intervals"
    title: ClassVar[str] = "Test accuracy with 95% confidence intervals"

    def frame(self) -> pd.DataFrame:
        """Return the columns head, seed (−1 for the mean over seeds), accuracy, low, high, images, seeds.

        The mean of a single seed has no interval: NaN.
        """
        return compute_accuracies(self.comparison)

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        return pd.DataFrame(
            {
                self.column: frame["head"],
                "Run": [
                    f"mean of {format_plural(row['seeds'], 'seed')}" if row["seed"] < 0 else f"seed {row['seed']}"
                    for row in frame.to_dict("records")
                ],
                "Test accuracy": frame["accuracy"].map(format_share),
                "95% interval": [format_share_interval(row["low"], row["high"]) for row in frame.to_dict("records")],
                "Method": [
                    "Wilson score, over images"
                    if row["seed"] >= 0
                    else "over images and seeds"
                    if row["seeds"] > 1
                    else "–"
                    for row in frame.to_dict("records")
                ],
            }
        )

    def chart(self) -> Chart:
        frame = self.frame()
        # With two seeds, the interval of the mean can be much wider than those of the runs; it is clipped to the axis.
        runs = frame[frame["seed"] >= 0]
        room = 0.15 * max(float(runs["high"].max() - runs["low"].min()), 0.01)
        edge = max(0.0, float(runs["low"].min()) - room), min(1.0, float(runs["high"].max()) + room)
        frame["cut"] = (frame["low"] < edge[0]) | (frame["high"] > edge[1])
        frame["name"] = frame["seed"].map(str).where(frame["seed"] >= 0, "mean")
        frame["start"], frame["end"] = frame["low"].clip(*edge), frame["high"].clip(*edge)
        base = alt.Chart(frame).encode(
            y=position_heads(self.comparison),
            color=color_heads(self.comparison, legend=False),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("name:N", title="Seed"),
                alt.Tooltip("accuracy:Q", title="Test accuracy", format=".2%"),
                alt.Tooltip("low:Q", title="Lower bound (95%)", format=".2%"),
                alt.Tooltip("high:Q", title="Upper bound (95%)", format=".2%"),
            ],
        )
        x = alt.X(
            "start:Q",
            title="Test accuracy",
            scale=alt.Scale(domain=edge, nice=False),
            axis=alt.Axis(format=".1%", tickCount=5),
        )
        dot = alt.X("accuracy:Q")
        lane = alt.YOffset("seed:O", scale=alt.Scale(paddingInner=0.2, paddingOuter=0.3))
        is_mean, is_run = "datum.seed < 0", "datum.seed >= 0"
        layers = [
            base.transform_filter(is_run)
            .mark_rule(strokeWidth=1.5, opacity=0.6)
            .encode(x=x, x2=alt.X2("end:Q"), yOffset=lane),
            base.transform_filter(is_run)
            .mark_point(filled=True, size=45, opacity=0.9)
            .encode(x=dot, yOffset=lane, shape=shape_heads(self.comparison, legend=False)),
            base.transform_filter(is_mean)
            .mark_rule(strokeWidth=6, opacity=0.85)
            .encode(x=x, x2=alt.X2("end:Q"), yOffset=lane),
            base.transform_filter(is_mean).mark_tick(thickness=3, size=18, opacity=1).encode(x=dot, yOffset=lane),
        ]
        lanes = max(len(variant.runs) for variant in self.comparison.variants) + 1
        cut = " Intervals are clipped at the edges of the chart." if frame["cut"].any() else ""
        note = write_note(f"Thick lines: mean over seeds; thin lines: single runs. {self._cover(frame)}{cut}")
        height = FRAME_PIXELS + len(self.comparison.labels) * max(60, 17 * lanes)
        return alt.layer(*layers).properties(title=note, height=height)

    def _cover(self, frame: pd.DataFrame) -> str:
        return describe_intervals(frame.loc[frame["low"].notna(), "seeds"])

    def describe(self) -> str:
        parts, frame = [], self.frame()
        runs = frame.query("seed >= 0").set_index("head")
        for row in frame.query("seed < 0").to_dict("records"):
            single = row["seeds"] == 1
            found = runs.loc[row["head"]] if single else row
            interval = format_share_interval(found["low"], found["high"])
            uncertainty = f"{'single seed, ' if single else ''}95% interval {interval}"
            uncertainty += "" if single else f", {row['seeds']} seeds"
            parts.append(f"{row['head']}: {format_share(row['accuracy'])} ({uncertainty})")
        return f"Test accuracy. {join_parts(parts)}. {self._cover(frame)}"
