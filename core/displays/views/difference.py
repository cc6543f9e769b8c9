"""Accuracy difference of every pair of heads, with confidence interval and verdict."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import ClassVar

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.difference import Difference, Need, compute_differences, compute_need
from core.displays.display import Chart, Display
from core.displays.encoding import GREY
from core.displays.number import format_interval, format_plural, format_points, format_rounded

_WORDS = {
    "better": "▲ better",
    "worse": "▼ worse",
    "no significant difference": "○ no significant difference",
    "one seed": "? single seed",
}
_COLORS = {"▲ better": "#0a9e74", "▼ worse": "#dd6a12", "○ no significant difference": GREY, "? single seed": GREY}
_SHAPES = {
    "▲ better": "triangle-up",
    "▼ worse": "triangle-down",
    "○ no significant difference": "circle",
    "? single seed": "square",
}
_COLUMNS = ("a", "b", "difference", "low", "high", "verdict", "seeds", "images", "need_seeds", "need_images")


@dataclass(frozen=True)
class HeadDifference(Display):
    """Accuracy of the first head minus accuracy of the second, over their common seeds."""

    name: ClassVar[str] = "difference"
    title: ClassVar[str] = "Accuracy differences (95% confidence intervals)"

    @cached_property
    def _found(self) -> list[tuple[Difference, Need]]:
        return [(one, compute_need(one)) for one in compute_differences(self.comparison)]

    def frame(self) -> pd.DataFrame:
        """Return one row per pair of heads.

        Columns: a, b, difference, low, high (fractions), verdict, seeds, images, need_seeds, need_images (needed for a
        conclusion; NaN if the difference is conclusive or the need is unknown).
        """
        rows = [
            (
                one.a, one.b, one.mean, one.low, one.high, one.verdict, one.seeds, one.images,
                *((np.nan if value is None or one.verdict != "no significant difference" else float(value))
                  for value in asdict(need).values()),
            )
            for one, need in self._found
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=[*_COLUMNS])

    def table(self) -> pd.DataFrame:
        rows = [
            (f"{one.a} vs. {one.b}", format_points(one), format_interval(one, name=False), _WORDS[one.verdict],
             one.seeds, _write_need(one, need))
            for one, need in self._found
        ]  # fmt: skip
        names = ["Heads", "Accuracy", "95% interval (points)", "Verdict", "Common seeds", "Needed for a conclusion"]
        return pd.DataFrame(rows, columns=names)

    def chart(self) -> Chart | None:
        frame = self.frame()
        if frame.empty:
            return None
        frame["pair"] = frame["a"] + " − " + frame["b"]
        frame["text"] = frame["verdict"].map(_WORDS)
        for name in ("difference", "low", "high"):
            frame[name] *= 100
        ends = frame[["difference", "low", "high"]]
        low, high = min(0.0, float(ends.min().min())), max(0.0, float(ends.max().max()))
        room = 0.12 * max(high - low, 0.1)
        domain = [*_WORDS.values()]
        color = alt.Color(
            "text:N", scale=alt.Scale(domain=domain, range=[_COLORS[name] for name in domain]), legend=None
        )
        shape = alt.Shape(
            "text:N", scale=alt.Scale(domain=domain, range=[_SHAPES[name] for name in domain]), legend=None
        )
        y = alt.Y("pair:N", title=None, sort=frame["pair"].tolist(), axis=None)
        base = alt.Chart(frame).encode(
            y=y,
            color=color,
            tooltip=[
                alt.Tooltip("pair:N", title="Heads"),
                alt.Tooltip("difference:Q", title="Difference (points)", format="+.2f"),
                alt.Tooltip("low:Q", title="Lower bound (95%)", format="+.2f"),
                alt.Tooltip("high:Q", title="Upper bound (95%)", format="+.2f"),
                alt.Tooltip("text:N", title="Verdict"),
            ],
        )
        x = alt.X(
            "low:Q",
            title="Accuracy difference (percentage points)",
            scale=alt.Scale(domain=[low - room, high + room], nice=False),
        )
        zero = alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(strokeDash=[4, 4], color=GREY).encode(x="x:Q")
        lines = base.mark_rule(strokeWidth=4).encode(x=x, x2="high:Q")
        points = base.mark_point(filled=True, size=170, opacity=1).encode(x="difference:Q", shape=shape)
        names = base.mark_text(dy=-24, align="left", fontSize=12, fontWeight="bold").encode(
            x=alt.value(0), text="pair:N"
        )
        verdicts = base.mark_text(dy=20, fontSize=12).encode(x="difference:Q", text="text:N")
        return (zero + lines + points + names + verdicts).properties(height=60 + 96 * len(frame))

    def describe(self) -> str:
        parts = [
            f"{one.a} vs. {one.b}: {format_points(one)}, 95% interval {format_interval(one, name=False)}, "
            f"{one.verdict}" for one, _ in self._found
        ]  # fmt: skip
        return "Accuracy differences. " + ("; ".join(parts) if parts else "This comparison has only one head") + "."


def _write_need(difference: Difference, need: Need) -> str:
    if difference.verdict == "one seed":
        return "more common seeds"
    if difference.verdict != "no significant difference":
        return "–"
    if need.seeds:
        return f"about {format_plural(need.seeds, 'seed')} per head"
    return f"about {format_rounded(need.images)} test images" if need.images else "unknown"
