"""Layers of learning curves: lines with bands, names, open marks, and a rule with a tooltip."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import altair as alt
import pandas as pd

from core.analysis.curve import MEAN
from core.displays.axis import spread_names
from core.displays.curve_chart import PLOT_PIXELS, show_unless_hidden
from core.displays.encoding import GREY, shape_styles
from core.displays.number import format_seconds
from core.displays.palette import VariantStyle

SPLITS = ("training", "validation")


@dataclass(frozen=True)
class CurveLayers:
    """Builder of the layers of a chart.

    Attributes:
        base: chart with the columns head, seed, split, isolated and y, and its axes and colors.
        y: vertical axis of `base`.
        x: column of the horizontal axis.
    """

    base: alt.Chart
    y: alt.Y
    x: str
    styles: Mapping[str, VariantStyle]

    def draw_band(self, split: str) -> alt.Chart:
        """Draw the band between y_low and y_high around the mean of a split."""
        rows = self.base.transform_filter(f"datum.seed < 0 && datum.split === '{split}'")
        y = self._position("y_low")
        return rows.mark_area().encode(y=y, y2=alt.Y2("y_high:Q"), opacity=show_unless_hidden(0.18))

    def draw_lines(self, *, dashed: bool, raw: bool, isolated: bool) -> list[alt.Chart]:
        """Draw single seeds as thin lines and means as bold ones, those of training dotted.

        Args:
            dashed: there are lines of several splits.
            raw: draw y_raw, the mean before smoothing, as a faint line.
            isolated: there are values without neighbors, such as a single epoch, which are drawn as points.
        """
        dash = alt.StrokeDash("split:N", scale=alt.Scale(domain=[*SPLITS], range=[[2, 3], [1, 0]]), legend=None)
        own = {"strokeDash": dash} if dashed else {}
        layers = []
        if raw:
            mean = self.base.transform_filter("datum.seed < 0").mark_line(strokeWidth=1.2)
            layers.append(mean.encode(y=self._position("y_raw"), opacity=show_unless_hidden(0.4), **own))
        for sign, width, size, opacity in ((">=", 1.0, 24, 0.32), ("<", 2.6, 70, 1.0)):
            part = self.base.transform_filter(f"datum.seed {sign} 0").encode(opacity=show_unless_hidden(opacity))
            layers.append(part.mark_line(strokeWidth=width).encode(detail=alt.Detail("seed:N"), **own))
            if isolated:
                point = part.transform_filter("datum.isolated").mark_point(size=size, strokeWidth=1.6)
                scale = alt.Scale(domain=[*self.styles], range=[style.color for style in self.styles.values()])
                full = alt.Fill("head:N", scale=scale, legend=None)
                hollow = alt.condition("datum.split === 'training'", alt.value("none"), full)
                layers.append(point.encode(shape=shape_styles(self.styles, legend=False), fill=hollow))
        return layers

    def draw_names(self, ends: pd.DataFrame, low: float, high: float, *, log: bool) -> alt.Chart:
        """Draw the names of the heads at the ends of their lines, without overlap.

        Args:
            ends: columns head, y and `x`: the end of each line.
            low: end of the vertical axis, for a log axis its base 10 logarithm.
            high: other end of the axis.
        """
        positions = [math.log10(y) for y in ends["y"]] if log else ends["y"].tolist()
        spread = spread_names(positions, 15 / PLOT_PIXELS * (high - low), low, high)
        ends = ends.assign(position=[10**position for position in spread] if log else spread)
        text = alt.Chart(ends).mark_text(align="left", baseline="middle", dx=9, fontSize=11, fontWeight="bold")
        return text.encode(
            x=alt.X(f"{self.x}:Q"),
            y=alt.Y("position:Q"),
            color=alt.Color("head:N"),
            text=alt.Text("head:N"),
            opacity=show_unless_hidden(1),
        )

    def draw_marks(self, marks: pd.DataFrame) -> list[alt.Chart]:
        """Draw an open mark at each row."""
        if marks.empty:
            return []
        points = self.base.mark_point(size=110, strokeWidth=2, filled=False).properties(data=marks)
        return [points.encode(shape=shape_styles(self.styles, legend=False), opacity=show_unless_hidden(1))]

    def draw_reader(self, curves: pd.DataFrame, write: Callable[[float, float, float], str]) -> list[alt.Chart]:
        """Draw a rule that follows the pointer, with a tooltip of the means; "–" for missing values.

        Args:
            curves: columns head, seed, split, value, low, high and `x`; several splits are named.
            write: format of a value and its band.
        """
        mean = curves[curves["seed"] == MEAN]
        if mean.empty:
            return []
        splits = ", " + mean["split"] if "validation" in set(mean["split"]) else ""
        mean = mean.assign(
            series=mean["head"] + splits,
            text=[write(*row) for row in mean[["value", "low", "high"]].itertuples(index=False)],
        )
        wide = mean.pivot(index=self.x, columns="series", values="text").reindex(columns=mean["series"].unique())
        wide = wide.fillna("–").sort_index()
        # Vega interprets dots and brackets in field names as paths, so columns are numbered and named in the tooltip
        series = [str(column) for column in wide.columns]
        wide = wide.set_axis([f"s{i}" for i in range(len(series))], axis=1).reset_index()
        wide["at"] = wide[self.x].map(format_seconds if self.x == "seconds" else "{:,.0f}".format)
        # A transparent band around each value catches the pointer. Vega-Lite's `nearest` does not work in files whose
        # content security policy forbids code generation.
        xs = wide[self.x].to_numpy(dtype=float)
        middles = (xs[1:] + xs[:-1]) / 2
        wide["from"], wide["to"] = [xs[0], *middles], [*middles, xs[-1]]
        hovered = alt.selection_point(on="pointerover", clear="pointerout", fields=[self.x], empty=False)
        title = "Epoch" if self.x == "epoch" else "Training time"
        tips = [alt.Tooltip("at:N", title=title)]
        tips += [alt.Tooltip(f"s{i}:N", title=name) for i, name in enumerate(series)]
        area = alt.Chart(wide).mark_rect(opacity=0, stroke=GREY, strokeWidth=8)
        bands = area.encode(x=alt.X("from:Q"), x2=alt.X2("to:Q"), tooltip=tips).add_params(hovered)
        opacity = alt.condition(hovered, alt.value(0.9), alt.value(0.0))
        rule = alt.Chart(wide).mark_rule(strokeWidth=1, color=GREY).encode(x=alt.X(f"{self.x}:Q"), opacity=opacity)
        return [rule, bands]

    def _position(self, field: str) -> alt.Y:
        """Return the vertical axis for another field."""
        return alt.Y(f"{field}:Q", title=self.y["title"], scale=self.y["scale"], axis=self.y["axis"])
