"""Parts of learning curves that finished and running runs share: axes, scales, lines and a legend that hides lines."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import pandas as pd

from core.displays.axis import list_log_ticks, list_whole_ticks
from core.displays.chart_view import Chart, set_properties
from core.displays.encoding import GREY, color_styles
from core.displays.label_position import LINE_PIXELS, Area, position_names
from core.displays.palette import VariantStyle

HEIGHT_PIXELS = 330
PLOT_PIXELS = 250  # approximate height without axis and title
_LEGEND_ROW_PIXELS = 30
_HIDDEN = "hidden_lines"
_TEXT_PIXELS, _NARROW_PIXELS = 48, 260  # width of the text at a vertical line, and of a narrow plot


@dataclass(frozen=True)
class CurveAxis:
    """Name of a metric on an axis, and the format of its ticks."""

    name: str
    ticks: str


METRICS = {
    "accuracy": CurveAxis("Accuracy", "~%"),
    "loss": CurveAxis("Loss", "~g"),
    "epoch_seconds": CurveAxis("Time per epoch (s)", "~g"),
    "learning_rate": CurveAxis("Learning rate", "~g"),
}


def hide_lines() -> alt.Parameter:
    """Return the selection of a chart that holds the heads whose names in the legend were clicked."""
    return alt.selection_point(name=_HIDDEN, fields=["head"], bind="legend", toggle="true", empty=False)


def show_unless_hidden(opacity: float) -> Any:
    """Return the opacity of marks that a click in the legend hides (see `hide_lines`)."""
    return alt.condition(hide_lines(), alt.value(0), alt.value(opacity))


def color_lines(styles: Mapping[str, VariantStyle], *, symbol: str | None = "stroke") -> alt.Color:
    """Encode heads as color, with a legend of several heads that marks hidden ones with ✕."""
    color = color_styles(styles, legend=len(styles) > 1, symbol=symbol)
    if len(styles) > 1:
        legend = color["legend"]
        room = "datum.label + '\u2003\u2002'"  # as wide as the mark: Vega does not move the next entry after a click
        text = room if legend["labelExpr"] is alt.Undefined else legend["labelExpr"]
        hidden = f"{_HIDDEN}.head && indexof({_HIDDEN}.head, datum.value) >= 0"
        legend["labelExpr"] = f"{hidden} ? '✕ ' + datum.label : {text}"
    return color


def finish_chart(chart: Any, labels: Sequence[str]) -> Chart:
    """Set the height with the legend of these heads, which marks hidden heads itself instead of fading the others."""
    columns = 2 if max(map(len, labels)) <= 17 else 1
    rows = -(-len(labels) // columns) if len(labels) > 1 else 0
    config = alt.Config(legend=alt.LegendConfig(unselectedOpacity=1))
    finished: Chart = set_properties(chart, height=HEIGHT_PIXELS + _LEGEND_ROW_PIXELS * rows, config=config)
    return finished


def position_x(x: str, low: float, high: float) -> alt.X:
    """Encode epochs or seconds on an axis from `low` to `high`."""
    room = 0.5 if low == high else 0.0
    return alt.X(
        f"{x}:Q",
        title="Epoch" if x == "epoch" else "Training time (s)",
        scale=alt.Scale(domain=[low - room, high + room], nice=False, zero=False),
        axis=alt.Axis(
            format=",~f",
            grid=False,
            labelFlush=False,
            values=list_whole_ticks(low, high) if x == "epoch" else alt.Undefined,
        ),
    )


def position_y(metric: str, values: Sequence[float], title: str = "") -> tuple[alt.Y, float, float]:
    """Encode values on a linear axis; return it with its lowest and highest value. NaN values are ignored."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.1, 1.0)
    room = 0.04 * (high - low) or 0.05 * (abs(high) or 1.0)
    low, high = max(low - room, 0.0), high + room
    high = min(high, 1.0) if metric == "accuracy" else high
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    axis = alt.Axis(format=METRICS[metric].ticks)
    return alt.Y("y:Q", title=title or METRICS[metric].name, scale=scale, axis=axis), low, high


def position_log_y(metric: str, values: Sequence[float], floors: Sequence[float]) -> tuple[alt.Y, float, float]:
    """Encode values above 0 on a log axis; return it with the base 10 logarithms of its ends.

    For accuracies, the values are errors (1 − accuracy) and the axis is reversed.

    Args:
        floors: positions of a value of 0; the lowest is the end of the axis.
    """
    finite = [value for value in values if math.isfinite(value)] or [0.1, 1.0]
    error, floors = metric == "accuracy", sorted(floors)
    ticks = list_log_ticks(min(finite), max(finite))
    if floors:
        ticks = [*floors, *(tick for tick in ticks if tick > floors[-1])]
        ticks += [2 * floors[-1]] * (len(ticks) == len(floors))
    text = "format(1 - datum.value, '~%')" if error else "format(datum.value, '~g')"
    if floors:
        text = f"indexof({floors}, datum.value) >= 0 ? '{'100%' if error else '0'}' : {text}"
    axis = alt.Axis(values=ticks, labelExpr=text, labelOverlap="greedy")
    scale = alt.Scale(type="log", domain=[ticks[0], ticks[-1]], nice=False, reverse=error)
    title = "Accuracy (log of 1 − accuracy)" if error else f"{METRICS[metric].name}, log"
    return alt.Y("y:Q", title=title, scale=scale, axis=axis), math.log10(ticks[0]), math.log10(ticks[-1])


def draw_continuations(x: str, positions: Sequence[float], low: float, high: float, *, bottom: bool) -> list[Any]:
    """Draw a vertical line where training continued; lines without space for a text have none."""
    positions = sorted(position for position in {*positions} if low <= position <= high)
    if not positions:
        return []
    pixels = [(position - low) / ((high - low) or 1.0) * _NARROW_PIXELS for position in positions]
    lines = [Area(at - 1, 0, at + 1, LINE_PIXELS) for at in pixels]
    plot = Area(0, 0, _NARROW_PIXELS, LINE_PIXELS)
    names = position_names(lines, [_TEXT_PIXELS] * len(lines), plot, ("right", "left"))
    data = pd.DataFrame({x: positions})
    rule = alt.Chart(data).mark_rule(strokeDash=[2, 4], color=GREY).encode(x=alt.X(f"{x}:Q"))
    layers: list[Any] = [rule]
    sides: tuple[tuple[Literal["left", "right"], int], ...] = (("left", 3), ("right", -3))
    for align, dx in sides:
        named = [
            p for p, at, name in zip(positions, pixels, names, strict=True) if name and (name.left > at) == (dx > 0)
        ]
        if not named:
            continue
        mark = alt.Chart(pd.DataFrame({x: named, "text": "continued"})).mark_text(
            align=align, dx=dx, dy=-6 if bottom else 6, fontSize=10, color=GREY
        )
        y = alt.value("height") if bottom else alt.value(0)
        layers.append(mark.encode(x=alt.X(f"{x}:Q"), y=y, text=alt.Text("text:N")))
    return layers


def draw_floors(images: Mapping[float, str]) -> list[Any]:
    """Draw horizontal lines at the positions of no errors, with their texts at the right end."""
    if not images:
        return []
    data = pd.DataFrame({"y": [*images], "text": [*images.values()]})
    rule = alt.Chart(data).mark_rule(strokeDash=[4, 3], color=GREY).encode(y=alt.Y("y:Q"))
    text = alt.Chart(data).mark_text(align="right", baseline="top", dx=-4, dy=3, fontSize=10, color=GREY)
    return [rule, text.encode(x=alt.value("width"), y=alt.Y("y:Q"), text=alt.Text("text:N"))]
