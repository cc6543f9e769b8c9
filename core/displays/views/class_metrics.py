"""Precision, recall, F1 and areas of each class."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.analysis.class_metrics import AREAS, CLASS_METRICS, ClassMetric, compute_class_metrics
from core.analysis.summary import read_seed_mean
from core.displays.axis import scale_shares
from core.displays.chart_view import Chart
from core.displays.display import Display, Options
from core.displays.encoding import AXIS_CHARS, GREY, color_heads, shape_heads, write_note
from core.displays.equal_points import SHIFT, with_shifts
from core.displays.label import fit_labels
from core.displays.number import format_accuracy, format_area, quote_class
from core.displays.sentence import join_parts
from core.store.comparison import Comparison

METRIC_TITLES: dict[ClassMetric, str] = {
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "average_precision": "Average precision",
    "roc_auc": "ROC AUC",
}
_OF_IMAGES = ("recall", *AREAS)  # undefined for a class without images
_MAX_CLASSES = 20


@dataclass(frozen=True)
class ClassMetrics(Display):
    """One metric of each class, mean over seeds; the classes in which the heads differ most come first."""

    name: ClassVar[str] = "class_metrics"
    title: ClassVar[str] = "Per-class metrics"

    metric: ClassMetric = "f1"

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        return {"metric": METRIC_TITLES}

    @property
    def heading(self) -> str:
        return f"{METRIC_TITLES[self.metric]} per class"

    @cached_property
    def _found(self) -> pd.DataFrame:
        frame = compute_class_metrics(self.comparison)
        frame["class"] = frame["label"].map(dict(enumerate(self.comparison.first.record.data.classes)))
        frame["shown"] = frame[self.metric].where((frame["images"] > 0) | (self.metric not in _OF_IMAGES))
        of_class = frame.groupby("label")["shown"]
        frame["lowest"] = of_class.transform("min")
        frame["range"] = (of_class.transform("max") - frame["lowest"]).round(9)  # without rounding errors in the order
        return frame.sort_values(["range", "lowest", "label"], ascending=[False, True, True], kind="stable")

    def frame(self) -> pd.DataFrame:
        """Return the columns head, label (class name), images, seeds, and all metrics with their `_std`."""
        spreads = [f"{metric}_std" for metric in CLASS_METRICS]
        frame = self._found.drop(columns="label").rename(columns={"class": "label"})
        return frame[["head", "label", "images", "seeds", *CLASS_METRICS, *spreads]].reset_index(drop=True)

    def table(self) -> pd.DataFrame:
        rows = []
        for _, group in self._found.groupby("label", sort=False):
            first, several = group.iloc[0], len(group) > 1
            cells = {str(row["head"]): self._write(row) for row in group.to_dict("records")}
            difference = {"Largest difference": self._write_range(first["range"])} if several else {}
            rows.append({"Class": first["class"], "Test images": f"{first['images']:,}", **cells, **difference})
        return pd.DataFrame(rows)

    def _write(self, row: Mapping[Hashable, Any]) -> str:
        """Format the metric in a row of `_found`; "–" if it is undefined."""
        value = read_seed_mean(row, self.metric)
        if pd.isna(row["shown"]):
            return "–"
        return format_area(value) if self.metric in AREAS else format_accuracy(value)

    def _write_range(self, value: float) -> str:
        if pd.isna(value):
            return "–"
        return f"{value:.3f}" if self.metric in AREAS else f"{100 * value:.1f} points"

    @property
    def _shown(self) -> list[str]:
        """Return the classes of the chart: those in which the heads differ most."""
        defined = self._found[self._found["shown"].notna()]
        return [*dict.fromkeys(defined["class"])][:_MAX_CLASSES]

    def chart(self) -> Chart | None:
        classes = self._shown
        frame = self._found[self._found["class"].isin(classes)].rename(columns={"class": "name"})
        if frame["shown"].isna().all():
            return None
        frame["std"] = frame[f"{self.metric}_std"]
        frame = frame[["head", "name", "images", "shown", "std"]]
        frame = with_shifts(frame, [frame["name"], frame["shown"]], 7, 8)
        title = METRIC_TITLES[self.metric]
        share = self.metric not in AREAS
        axis = alt.Axis(labelOverlap=False, **fit_labels(classes, AXIS_CHARS, lines=1))
        base = alt.Chart(frame).encode(
            y=alt.Y(
                "name:N",
                title="Class",
                sort=classes,
                axis=axis,
            )
        )
        x = alt.X(
            "shown:Q", title=f"{title}, mean over seeds", scale=scale_shares(frame["shown"]),
            axis=alt.Axis(format=".0%" if share else ".2f", tickCount=5),
        )  # fmt: skip
        lines = base.mark_rule(strokeWidth=2, color=GREY, opacity=0.5).encode(
            x=alt.X("min(shown):Q"), x2=alt.X2("max(shown):Q")
        )
        points = base.mark_point(filled=True, size=70, opacity=1, yOffset=SHIFT).encode(
            x=x,
            color=color_heads(self.comparison),
            shape=shape_heads(self.comparison),
            tooltip=[
                alt.Tooltip("head:N", title=self.column),
                alt.Tooltip("name:N", title="Class"),
                alt.Tooltip("shown:Q", title=title, format=".1%" if share else ".3f"),
                alt.Tooltip("std:Q", title="Standard deviation across seeds", format=".1%" if share else ".3f"),
                alt.Tooltip("images:Q", title="Test images", format=","),
            ],
        )
        note = "Classes in which the heads differ most come first." if len(self.comparison.labels) > 1 else (
            "Classes with the lowest value come first."
        )  # fmt: skip
        return (lines + points).properties(height=alt.Step(22), title=write_note(note))

    def describe(self) -> str:
        title, frame = METRIC_TITLES[self.metric], self._found
        first = frame[frame["class"] == self._shown[0]] if self._shown else frame.head(0)
        parts = [f"{row['head']} {self._write(row)}" for row in first.to_dict("records")]
        what = "largest difference" if len(self.comparison.labels) > 1 else "lowest value"
        text = f"{title} per class, mean over seeds."
        if parts:
            text += f" The {what} is in class {quote_class(self._shown[0])}: {join_parts(parts)}."
        count = frame["class"].nunique()
        return text + (f" The chart shows {len(self._shown)} of {count:,} classes." if len(self._shown) < count else "")
