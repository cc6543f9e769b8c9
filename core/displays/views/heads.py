"""Accuracy and cost per head."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.baseline import find_baseline
from core.analysis.difference import Difference, compute_differences
from core.analysis.finding import compute_finding
from core.analysis.summary import compute_table, read_seed_mean
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import color_heads, measure_legend, shape_heads, write_note
from core.displays.equal_points import EQUAL_NOTE, SHIFT, with_shifts
from core.displays.label_position import Area, position_names
from core.displays.number import (
    format_accuracy,
    format_bytes,
    format_count,
    format_interval,
    format_loss,
    format_seconds,
    format_short,
)
from core.displays.sentence import join_parts
from core.store.comparison import MANY_VARIANTS

METRICS = (
    "params", "flops", "keras_bytes", "tflite_bytes", "latency_seconds", "test_accuracy", "test_loss", "train_seconds",
)  # fmt: skip


_HEIGHT, _PADDING, _RADIUS = 300, 60, 7  # pixels
_ABOVE_PIXELS = 32  # above the plot, where names may be
_NAME_COLOR = "#6b7684"  # legible in both themes, which the first or last color of a sequence is not
_MAX_NAMES, _NAME_CHARS = 4, 17  # more or longer names are in a legend
_LETTER_PIXELS, _PLOT_PIXELS = 8, 300  # of a name, and of the axis on a narrow page


def _compute_sizes(frame: pd.DataFrame) -> pd.Series:
    return frame["params"].map(lambda params: math.log10(max(params, 1)))


def _position_names(frame: pd.DataFrame, named: Sequence[str], low: float, high: float, above: int) -> pd.DataFrame:
    """Return the rows with a name, and the distance in pixels of each name from its point.

    The distances are those of a narrow plot; in a wider one, points and names are farther apart.
    """
    sizes = _compute_sizes(frame)
    span = float(sizes.max() - sizes.min())
    x = _PLOT_PIXELS / 2 + ((sizes - sizes.min()) / (span or 1.0) - 0.5 * bool(span)) * (_PLOT_PIXELS - 2 * _PADDING)
    drawn = x + frame["shift"]
    top, point, bottom = ((high - frame[side]) / (high - low) * _HEIGHT for side in ("high", "test_accuracy", "low"))
    marks = [
        Area(x - _RADIUS, min(top, y - _RADIUS), x + _RADIUS, max(bottom, y + _RADIUS))
        for x, top, y, bottom in zip(drawn, top, point, bottom, strict=True)
    ]
    widths = [len(label) * _LETTER_PIXELS if label in named else None for label in frame["head"]]
    areas = position_names(marks, widths, Area(0, -above, _PLOT_PIXELS, _HEIGHT))
    centers = [area.center if area else (math.nan, math.nan) for area in areas]
    placed = frame.assign(dx=[at[0] for at in centers] - x, dy=[at[1] for at in centers] - point)
    return placed.dropna(subset=["dx"])


def _write_difference(difference: Difference) -> str:
    """Return "−2.1 (−3.0 to −1.2)"; without an interval for a single seed."""
    points = f"{100 * difference.mean:+.1f}".replace("-", "−")
    if difference.verdict == "one seed":
        return f"{points} (single seed)"
    return f"{points} ({format_interval(difference, name=False)})"


@dataclass(frozen=True)
class Heads(Display):
    """One row per variant with accuracy and costs. The chart shows accuracy against parameters."""

    name: ClassVar[str] = "heads"
    title: ClassVar[str] = "Accuracy and cost"

    def frame(self) -> pd.DataFrame:
        return compute_table(self.comparison, METRICS)

    @property
    def lacking(self) -> str:
        frame = self.frame()
        unknown = frame.loc[frame["params"].isna(), "head"]
        return f"Not in the chart: {', '.join(unknown)} (number of parameters unknown)." if len(unknown) else ""

    def table(self) -> pd.DataFrame:
        rows = [
            {
                self.column: row["head"],
                "Seeds": int(row["seeds"]),
                "Test accuracy": format_accuracy(read_seed_mean(row, "test_accuracy")),
                "Test loss": format_loss(read_seed_mean(row, "test_loss")),
                "Parameters": format_count(row["params"]),
                "FLOPs per image": format_short(row["flops"]),
                "Keras file": format_bytes(row["keras_bytes"]),
                "LiteRT file": format_bytes(row["tflite_bytes"]),
                "Latency per image": format_seconds(row["latency_seconds"]),
                "Training time": format_seconds(row["train_seconds"]),
            }
            for row in self.frame().to_dict("records")
        ]
        return pd.DataFrame(rows)

    def tabulate_differences(self) -> pd.DataFrame:
        """Return the accuracy, its difference from the baseline, and the main costs, formatted for display."""
        baseline = find_baseline(self.comparison).label
        found = {one.a: one for one in self._list_differences(baseline)}
        return self.table().assign(
            Difference=[
                "baseline" if label == baseline else _write_difference(found[label]) for label in self.comparison.labels
            ]
        )[[self.column, "Test accuracy", "Difference", "Parameters", "Latency per image"]]

    def _list_differences(self, baseline: str) -> list[Difference]:
        pairs = [one for one in compute_differences(self.comparison) if baseline in (one.a, one.b)]
        return [one if one.b == baseline else one.reverse() for one in pairs]

    def chart(self) -> Chart:
        frame = self.frame()
        for side, sign in (("low", -1), ("high", 1)):
            frame[side] = (frame["test_accuracy"] + sign * frame["test_accuracy_std"].fillna(0)).clip(0, 1)
        axes = [_compute_sizes(frame), frame["test_accuracy"]]
        frame = with_shifts(frame, axes, 2 * _RADIUS + 2, _PADDING - _RADIUS, padding=_PADDING)
        low, high = float(frame["low"].min()), float(frame["high"].max())
        room = max(high - low, 0.02)
        ends = max(low - 0.25 * room, 0.0), min(high + 0.3 * room, 1.0)  # names are above and below the points
        labels = self.comparison.labels
        many = len(labels) > MANY_VARIANTS
        named = many or (len(labels) <= _MAX_NAMES and max(map(len, labels)) <= _NAME_CHARS)
        tip = [
            alt.Tooltip("head:N", title=self.column),
            alt.Tooltip("params:Q", title="Parameters", format=","),
            alt.Tooltip("test_accuracy:Q", title="Test accuracy, mean", format=".2%"),
            alt.Tooltip("test_accuracy_std:Q", title="Standard deviation across seeds", format=".2%"),
        ]
        x = alt.X(
            "params:Q",
            title="Parameters (log)",
            scale=alt.Scale(type="log", nice=False, padding=_PADDING),
            axis=alt.Axis(format="~s", tickCount=4, grid=False),
        )
        base = alt.Chart(frame).encode(
            x=x,
            color=color_heads(self.comparison, legend=not named),
            tooltip=tip,
        )
        y = alt.Y(
            "test_accuracy:Q",
            title="Test accuracy",
            axis=alt.Axis(format=".1%", tickCount=6),
            scale=alt.Scale(domain=[*ends], zero=False, nice=False),
        )
        bars = base.mark_rule(strokeWidth=2, xOffset=SHIFT).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
        points = base.mark_point(filled=True, size=140, opacity=1, xOffset=SHIFT).encode(
            y=y, shape=shape_heads(self.comparison, legend=not named)
        )
        names = _position_names(frame, self._list_named() if named else (), *ends, 0 if many else _ABOVE_PIXELS)
        texts = alt.Chart(names).mark_text(
            fontSize=13, fontWeight="bold", baseline="middle", dx=alt.expr("datum.dx"), dy=alt.expr("datum.dy")
        )
        color = alt.value(_NAME_COLOR) if many else color_heads(self.comparison, legend=False)
        texts = texts.encode(x=x, y=y, text=alt.Text("head:N"), color=color, tooltip=tip)
        layers = alt.layer(bars, points, *([texts] if len(names) else []))
        notes = [EQUAL_NOTE] if frame["shift"].any() else []
        if many:
            notes += [f"Only the {self.comparison.noun}s of the headline are named. Point to a mark for its name."]
        note = {"title": write_note(" ".join(notes))} if notes else {}
        return layers.properties(height=_HEIGHT + (0 if named else 30 + measure_legend(labels)), **note)

    def _list_named(self) -> list[str]:
        """Return the labels of the variants that the chart may name: of many, the two of the headline."""
        finding = compute_finding(self.comparison)
        if finding is None or len(self.comparison.variants) <= MANY_VARIANTS:
            return self.comparison.labels
        return [finding.subject.label, finding.baseline.label]

    def describe(self) -> str:
        parts = [
            f"{row[self.column]}: {row['Parameters']} parameters, test accuracy {row['Test accuracy']}"
            for row in self.table().to_dict("records")
        ]
        return "Test accuracy against number of parameters. " + join_parts(parts) + "."
