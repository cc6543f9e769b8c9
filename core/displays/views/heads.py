"""Accuracy and cost per head."""

import math
from dataclasses import dataclass
from typing import ClassVar

import altair as alt
import pandas as pd

from core.analysis.baseline import find_baseline
from core.analysis.difference import Difference, compute_differences
from core.analysis.finding import compute_finding
from core.analysis.summary import compute_table, read_seed_mean
from core.displays.axis import spread_names
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import color_heads, measure_legend, shape_heads, write_note
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


_HEIGHT, _NAME_PIXELS = 300, 17
_NAME_COLOR = "#6b7684"  # legible in both themes, which the first or last color of a sequence is not
_MAX_NAMES, _NAME_CHARS = 4, 16  # more or longer names are in a legend
_LETTER_PIXELS, _PLOT_PIXELS = 8, 300  # of a name, and of the axis on a narrow page


def _spread_names(frame: pd.DataFrame, gap: float, low: float, high: float) -> pd.Series:
    """Return the y position of the name of each head, without overlap between heads of similar size."""
    sizes = frame["params"].map(lambda params: math.log10(max(params, 1))).sort_values()
    widths = frame["head"].map(len)[sizes.index] * _LETTER_PIXELS / _PLOT_PIXELS * (sizes.max() - sizes.min())
    groups = (sizes.diff() > (widths + widths.shift()) / 2).cumsum()
    high_of = frame["high"].to_dict()
    for _, group in sizes.groupby(groups):
        spread = spread_names([float(high_of[row]) for row in group.index], gap, low, high)
        high_of |= dict(zip(group.index, spread, strict=True))
    return pd.Series(high_of)


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
    title: ClassVar[str] = "Accuracy and cost per head"

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
                self._column: row["head"],
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

    @property
    def _column(self) -> str:
        return self.comparison.noun.capitalize()

    def tabulate_differences(self) -> pd.DataFrame:
        """Return the accuracy, its difference from the baseline, and the main costs, formatted for display."""
        baseline = find_baseline(self.comparison).label
        found = {one.a: one for one in self._list_differences(baseline)}
        return self.table().assign(
            Difference=[
                "baseline" if label == baseline else _write_difference(found[label]) for label in self.comparison.labels
            ]
        )[[self._column, "Test accuracy", "Difference", "Parameters", "Latency per image"]]

    def _list_differences(self, baseline: str) -> list[Difference]:
        pairs = [one for one in compute_differences(self.comparison) if baseline in (one.a, one.b)]
        return [one if one.b == baseline else one.reverse() for one in pairs]

    def chart(self) -> Chart:
        frame = self.frame()
        for side, sign in (("low", -1), ("high", 1)):
            frame[side] = (frame["test_accuracy"] + sign * frame["test_accuracy_std"].fillna(0)).clip(0, 1)
        low, high = float(frame["low"].min()), float(frame["high"].max())
        room = max(high - low, 0.02)
        low, high = low - 0.25 * room, high + 0.3 * room  # names are above the points
        labels = self.comparison.labels
        many = len(labels) > MANY_VARIANTS
        named = many or (len(labels) <= _MAX_NAMES and max(map(len, labels)) <= _NAME_CHARS)
        frame["name_y"] = _spread_names(frame, _NAME_PIXELS / _HEIGHT * (high - low), low, high)
        tip = [
            alt.Tooltip("head:N", title="Head"),
            alt.Tooltip("params:Q", title="Parameters", format=","),
            alt.Tooltip("test_accuracy:Q", title="Test accuracy, mean", format=".2%"),
            alt.Tooltip("test_accuracy_std:Q", title="Standard deviation across seeds", format=".2%"),
        ]
        base = alt.Chart(frame).encode(
            x=alt.X(
                "params:Q",
                title="Parameters (log)",
                scale=alt.Scale(type="log", padding=60),
                axis=alt.Axis(format="~s", tickCount=4, grid=False),
            ),
            color=color_heads(self.comparison, legend=not named),
            tooltip=tip,
        )
        y = alt.Y(
            "test_accuracy:Q",
            title="Test accuracy",
            axis=alt.Axis(format=".1%", tickCount=6),
            scale=alt.Scale(domain=[max(low, 0.0), min(high, 1.0)], zero=False, nice=False),
        )
        bars = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
        points = base.mark_point(filled=True, size=140, opacity=1).encode(
            y=y, shape=shape_heads(self.comparison, legend=not named)
        )
        if many:
            note = f"Only the {self.comparison.noun}s of the headline are named. Point to a mark for its name."
            offsets = (22, -16) if low > 0 else (-34, -16)  # below and above the point, or both above it
            names = [self._name_one(base, label, dy) for label, dy in zip(self._list_named(), offsets, strict=False)]
            return alt.layer(bars, points, *names).properties(height=_HEIGHT, title=write_note(note))
        texts = base.mark_text(dy=-16, fontSize=13, fontWeight="bold").encode(
            y=alt.Y("name_y:Q"), text=alt.Text("head:N")
        )
        legend = 0 if named else 30 + measure_legend(labels)
        return alt.layer(bars, points, *([texts] if named else [])).properties(height=_HEIGHT + legend)

    def _name_one(self, base: alt.Chart, label: str, dy: int) -> alt.Chart:
        """Build the name of one of many variants, `dy` pixels below its point."""
        row = base.transform_filter(alt.FieldEqualPredicate(field="head", equal=label))
        text = row.mark_text(dy=dy, fontSize=13, fontWeight="bold")
        return text.encode(y=alt.Y("test_accuracy:Q"), text=alt.Text("head:N"), color=alt.value(_NAME_COLOR))

    def _list_named(self) -> list[str]:
        """Return the labels of the variants that the chart may name: of many, the two of the headline."""
        finding = compute_finding(self.comparison)
        if finding is None or len(self.comparison.variants) <= MANY_VARIANTS:
            return self.comparison.labels
        return [finding.subject.label, finding.baseline.label]

    def describe(self) -> str:
        parts = [
            f"{row[self._column]}: {row['Parameters']} parameters, test accuracy {row['Test accuracy']}"
            for row in self.table().to_dict("records")
        ]
        return "Test accuracy against number of parameters. " + join_parts(parts) + "."
