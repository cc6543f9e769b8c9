"""How heads are told apart in a picture: by colour and by shape, with one legend for both."""

from textwrap import wrap

import altair as alt

from core.displays.palette import colors
from core.store.comparison import Comparison

GREY = "#8a94a3"
FRAME_PIXELS = 110  # what axis, titles and note take of the height of a picture
_PHONE_CHARS = 52
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")


def build_legend(comparison: Comparison) -> alt.Legend:
    """On top, in one column where two names would not fit a phone."""
    columns = 2 if max(map(len, comparison.labels)) <= 16 else 1
    return alt.Legend(title=None, orient="top", columns=columns, labelLimit=320)


def color_heads(comparison: Comparison, *, legend: bool = True) -> alt.Color:
    palette = colors(comparison)
    scale = alt.Scale(domain=[*palette], range=[*palette.values()])
    return alt.Color("head:N", scale=scale, legend=build_legend(comparison) if legend else None)


def shape_heads(comparison: Comparison, *, legend: bool = True) -> alt.Shape:
    labels = comparison.labels
    scale = alt.Scale(domain=labels, range=[_SHAPES[i % len(_SHAPES)] for i in range(len(labels))])
    return alt.Shape("head:N", scale=scale, legend=build_legend(comparison) if legend else None)


def place_heads(comparison: Comparison) -> alt.Y:
    """A row a head, its name before it."""
    return alt.Y("head:N", title=None, sort=comparison.labels, axis=alt.Axis(labelLimit=180, labelFontWeight="bold"))


def write_note(text: str) -> alt.Title:
    """What a reader needs to know of the marks, over the picture, in lines that fit a phone."""
    return alt.Title(wrap(text, _PHONE_CHARS), anchor="start", fontSize=12, fontWeight="normal", color=GREY)
