"""Base of the curves of one class against the rest, over all thresholds of its probability."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import altair as alt
import numpy as np
import pandas as pd

from core.analysis.class_metrics import CurveKind, choose_class, compute_class_curves
from core.analysis.summary import compute_seed_mean
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.encoding import (
    GREY,
    arrange_panels,
    color_styles,
    dash_heads,
    measure_legend,
    shape_heads,
    write_note,
)
from core.displays.label import wrap_label
from core.displays.number import format_area, quote_class
from core.displays.palette import compute_styles
from core.displays.sentence import join_parts
from core.store.elsewhere import Part

MAX_TOGETHER = 4  # heads in one chart
_HEIGHT, _PANEL_SIDE, _PANEL_FRAME = 420, 230, 60  # pixels


@dataclass(frozen=True)
class ClassCurve(Display):
    """Curves of one class against the rest, one line per seed.

    `label` None selects the positive class, or the class whose average precision differs most between the heads.
    """

    kind: ClassVar[CurveKind]
    axes: ClassVar[tuple[str, str]]
    columns: ClassVar[tuple[str, str]]
    area: ClassVar[str]
    area_title: ClassVar[str]
    interpolation: ClassVar[Literal["linear", "step-before"]]

    needs: ClassVar[tuple[Part, ...]] = ("probabilities",)

    label: int | None = None

    @cached_property
    def class_index(self) -> int:
        return choose_class(self.available) if self.label is None else self.label

    @property
    def class_name(self) -> str:
        return self.comparison.first.record.data.classes[self.class_index]

    @property
    def heading(self) -> str:
        return f"{self.title} of class {quote_class(self.class_name)}"

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_class_curves(self.available, self.class_index, self.kind)

    def frame(self) -> pd.DataFrame:
        """Return the columns head, seed, label (class name), both coordinates, threshold, and the area of the curve."""
        frame = self._found.rename(columns={"x": self.columns[0], "y": self.columns[1], "area": self.area})
        frame.insert(2, "label", self.class_name)
        return frame

    @property
    def _areas(self) -> dict[str, str]:
        areas = self._found.groupby(["head", "seed"], sort=False)["area"].first()
        return {head: format_area(compute_seed_mean(areas[head].tolist())) for head in self.available.labels}

    def table(self) -> pd.DataFrame:
        seeds = [f"{len(variant.runs):,}" for variant in self.available.variants]
        areas = self._areas
        return pd.DataFrame({self.column: [*areas], self.area_title: [*areas.values()], "Seeds": seeds})

    @property
    def _share(self) -> float:
        """Return the share of the class in the test images."""
        return float((self.comparison.first.predictions.test_labels == self.class_index).mean())

    def _chance(self) -> tuple[float, float]:
        """Return the height of the line of a random classifier at both ends."""
        return (0.0, 1.0) if self.kind == "roc" else (self._share, self._share)

    def chart(self) -> Chart | None:
        frame = self._found.dropna(subset=["x", "y"]).reset_index(names="point")
        if frame.empty:
            return None
        labels = [head for head in self.comparison.labels if head in set(frame["head"])]
        styles = compute_styles(self.comparison)
        together = len(labels) <= MAX_TOGETHER
        x, y = (
            alt.X("x:Q", title=self.axes[0], scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5)),
            alt.Y("y:Q", title=self.axes[1], scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5)),
        )
        chance = pd.DataFrame({"x": [0.0, 1.0], "y": self._chance()})
        random = alt.Chart(chance).mark_line(strokeDash=[4, 4], color=GREY, opacity=0.8).encode(x=x, y=y)
        panels = []
        for heads in [labels] if together else [[head] for head in labels]:
            base = alt.Chart(frame[frame["head"].isin(heads)]).encode(
                x=x,
                y=y,
                order=alt.Order("point:Q"),
                detail=alt.Detail("seed:N"),
                color=color_styles(styles, legend=together),
                tooltip=[
                    alt.Tooltip("head:N", title=self.column),
                    alt.Tooltip("seed:Q", title="Seed"),
                    alt.Tooltip("x:Q", title=self.axes[0], format=".1%"),
                    alt.Tooltip("y:Q", title=self.axes[1], format=".1%"),
                    alt.Tooltip("threshold:Q", title="Threshold", format=".3f"),
                ],
            )
            lines = base.mark_line(strokeWidth=2, opacity=0.75, clip=True, interpolate=self.interpolation).encode(
                strokeDash=dash_heads(self.comparison)
            )
            targets = base.mark_point(size=60, opacity=0).encode(shape=shape_heads(self.comparison, legend=together))
            panels.append(random + lines + targets)
        if together:
            note = write_note("One line per seed. Dashed gray: a random classifier.")
            return panels[0].properties(height=_HEIGHT + measure_legend(labels), title=note)
        named = [
            panel.properties(title=wrap_label(head, _PANEL_SIDE // 9), width=_PANEL_SIDE, height=_PANEL_SIDE + 10)
            for head, panel in zip(labels, panels, strict=True)
        ]
        return arrange_panels(named, _PANEL_SIDE + _PANEL_FRAME)

    def describe(self) -> str:
        against = f"{self.title} of class {quote_class(self.class_name)} against the other classes."
        if self._share in (0.0, 1.0):
            return f"{against} {'No' if self._share == 0 else 'Every'} test image belongs to this class."
        if self._found.empty:
            return against
        finite = np.isfinite(self._found["area"]).all()
        parts = join_parts([f"{head} {area}" for head, area in self._areas.items()]) if finite else "undefined"
        return f"{against} {self.area_title}, mean over seeds: {parts}."
