"""Altair encodings of the heads: color, shape and dash with one shared legend; panels, notes and row labels."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import altair as alt

from core.displays.chart_view import Chart
from core.displays.label import fit_labels, wrap_label
from core.displays.palette import VariantStyle, assign_styles, compute_styles, head_styles
from core.store.comparison import MANY_VARIANTS, Comparison
from core.store.elsewhere import order_elsewhere

GREY = "#8a94a3"
FRAME_PIXELS = 110  # height of axis, titles and note of a chart
REPORT_PIXELS = 640  # width of charts in report files
PANEL_PIXELS = "panelPixels"  # key of the metadata of a chart with several panels
_PHONE_CHARS = 52
_LEGEND_CHARS, _LEGEND_LINES, _LEGEND_LINE_PIXELS, _LEGEND_INCLUDED = 28, 3, 25, 50
AXIS_CHARS = 22  # of a label to the left of a chart


def color_heads(comparison: Comparison, *, legend: bool = True) -> alt.Color:
    return color_styles(compute_styles(comparison), legend=legend)


def shape_heads(comparison: Comparison, *, legend: bool = True) -> alt.Shape:
    return shape_styles(compute_styles(comparison), legend=legend)


def dash_heads(comparison: Comparison) -> alt.StrokeDash:
    """Encode variants as dashes; many are solid, because their dashes are too similar."""
    styles = compute_styles(comparison)
    many = len(styles) > MANY_VARIANTS
    scale = alt.Scale(domain=[*styles], range=[[1, 0] if many else [*style.dash] for style in styles.values()])
    return alt.StrokeDash("head:N", scale=scale, legend=None)


def color_labels(labels: Sequence[str]) -> alt.Color:
    """Encode the labels of heads as color, whatever their hyperparameters."""
    return color_styles(_select(labels))


def shape_labels(labels: Sequence[str], *, legend: bool = True) -> alt.Shape:
    """Encode the labels of heads as shape, whatever their hyperparameters."""
    return shape_styles(_select(labels), legend=legend)


def color_styles(styles: Mapping[str, VariantStyle], *, legend: bool = True, symbol: str | None = None) -> alt.Color:
    """
    Args:
        symbol: symbol of the legend, such as "stroke", if the shape is not encoded.
    """
    scale = alt.Scale(domain=[*styles], range=[style.color for style in styles.values()])
    return alt.Color("head:N", scale=scale, legend=_build_legend([*styles], symbol) if legend else None)


def shape_styles(styles: Mapping[str, VariantStyle], *, legend: bool = True) -> alt.Shape:
    scale = alt.Scale(domain=[*styles], range=[style.shape for style in styles.values()])
    return alt.Shape("head:N", scale=scale, legend=_build_legend([*styles]) if legend else None)


def _select(labels: Sequence[str]) -> dict[str, VariantStyle]:
    styles = head_styles()
    others = assign_styles([(label, order_elsewhere(label)) for label in labels if label not in styles])
    return {label: (styles | others)[label] for label in labels}


def _build_legend(labels: Sequence[str], symbol: str | None = None) -> alt.Legend:
    """Build a legend above the chart, with one column if two labels do not fit a phone."""
    columns = 2 if max(map(len, labels)) <= 17 else 1
    return alt.Legend(
        title=None, orient="top", columns=columns, symbolOpacity=1, symbolType=symbol or alt.Undefined,
        **fit_labels(labels, _LEGEND_CHARS, lines=_LEGEND_LINES),
    )  # fmt: skip


def measure_legend(labels: Sequence[str]) -> int:
    """Return the height in pixels that a chart needs in addition for a legend with more than two rows."""
    rows = sum(len(wrap_label(label, _LEGEND_CHARS, _LEGEND_LINES)) for label in labels)
    columns = 2 if max(map(len, labels)) <= 17 else 1
    return max(0, -(-rows // columns) * _LEGEND_LINE_PIXELS - _LEGEND_INCLUDED)


def arrange_panels(panels: Sequence[Any], pixels: int) -> Chart:
    """Arrange panels in rows that fit a report file. Pages and HTML files choose the columns for their own width.

    Args:
        pixels: width of a panel with its axis.
    """
    if len(panels) == 1:
        return panels[0]
    return alt.concat(*panels, columns=max(1, REPORT_PIXELS // pixels), usermeta={PANEL_PIXELS: pixels})


def position_heads(comparison: Comparison) -> alt.Y:
    """Encode the heads as rows, with their labels on the left."""
    axis = alt.Axis(labelFontWeight="bold", labelOverlap=False, **fit_labels(comparison.labels, AXIS_CHARS))
    return alt.Y("head:N", title=None, sort=comparison.labels, axis=axis)


_BUILT_IN = {
    "__proto__", "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString",
    "valueOf", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
}  # fmt: skip
"""Keys that every JavaScript object has. Vega groups values by object keys and fails on them."""


def guard_names(spec: Any) -> Any:
    """Return a chart specification in which no value is a key of `_BUILT_IN`: such a name gets a trailing space."""
    if isinstance(spec, dict):
        return {name: guard_names(part) for name, part in spec.items()}
    if isinstance(spec, list | tuple):
        return [guard_names(part) for part in spec]
    return f"{spec}\u00a0" if isinstance(spec, str) and spec in _BUILT_IN else spec


def write_spec(chart: Any) -> dict[str, Any]:
    """Return the Vega-Lite specification of a chart, with guarded names (see `guard_names`).

    Altair does not validate it, which takes 30 to 60 ms per chart: `tests/displays` validate all charts.
    """
    spec: dict[str, Any] = guard_names(chart.to_dict(validate=False))
    return spec


def write_note(text: str) -> alt.Title:
    """Build a subtitle that explains the marks of a chart, wrapped to the width of a phone."""
    return alt.Title(wrap(text, _PHONE_CHARS), anchor="start", fontSize=12, fontWeight="normal", color=GREY)
