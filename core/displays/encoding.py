"""Altair encodings of the heads: colour and shape with one shared legend."""

from collections.abc import Sequence
from textwrap import wrap

import altair as alt

from core.displays.palette import colors, head_colors
from core.store.comparison import Comparison

GREY = "#8a94a3"
FRAME_PIXELS = 110  # height of axis, titles and note of a chart
_PHONE_CHARS = 52
_SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
    "wedge",
    "arrow",
)


def color_heads(comparison: Comparison, *, legend: bool = True) -> alt.Color:
    palette = colors(comparison)
    scale = alt.Scale(domain=[*palette], range=[*palette.values()])
    return alt.Color("head:N", scale=scale, legend=_build_legend(comparison.labels) if legend else None)


def shape_heads(comparison: Comparison, *, legend: bool = True) -> alt.Shape:
    labels = comparison.labels
    scale = alt.Scale(domain=labels, range=[_SHAPES[i % len(_SHAPES)] for i in range(len(labels))])
    return alt.Shape("head:N", scale=scale, legend=_build_legend(comparison.labels) if legend else None)


def color_labels(labels: Sequence[str]) -> alt.Color:
    """Encode the labels of heads as colour, whatever their hyperparameters."""
    palette = head_colors()
    scale = alt.Scale(domain=[*labels], range=[palette[label] for label in labels])
    return alt.Color("head:N", scale=scale, legend=_build_legend(labels))


def shape_labels(labels: Sequence[str]) -> alt.Shape:
    """Encode the labels of heads as shape. A head has the same shape in every chart."""
    heads = [*head_colors()]
    shapes = [_SHAPES[heads.index(label) % len(_SHAPES)] for label in labels]
    return alt.Shape("head:N", scale=alt.Scale(domain=[*labels], range=shapes), legend=_build_legend(labels))


def _build_legend(labels: Sequence[str]) -> alt.Legend:
    """Build a legend above the chart, with one column if two labels do not fit a phone."""
    columns = 2 if max(map(len, labels)) <= 16 else 1
    return alt.Legend(title=None, orient="top", columns=columns, labelLimit=320, symbolOpacity=1)


def position_heads(comparison: Comparison) -> alt.Y:
    """Encode the heads as rows, with their labels on the left."""
    return alt.Y("head:N", title=None, sort=comparison.labels, axis=alt.Axis(labelLimit=180, labelFontWeight="bold"))


def write_note(text: str) -> alt.Title:
    """Build a subtitle that explains the marks of a chart, wrapped to the width of a phone."""
    return alt.Title(wrap(text, _PHONE_CHARS), anchor="start", fontSize=12, fontWeight="normal", color=GREY)
