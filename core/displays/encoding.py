"""How heads are told apart in a picture: by colour and by shape, with one legend for both."""

from collections.abc import Sequence
from textwrap import wrap

import altair as alt

from core.displays.palette import colors, head_colors
from core.store.comparison import Comparison

GREY = "#8a94a3"
FRAME_PIXELS = 110  # what axis, titles and note take of the height of a picture
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


def build_legend(comparison: Comparison) -> alt.Legend:
    return _build_legend(comparison.labels)


def color_heads(comparison: Comparison, *, legend: bool = True) -> alt.Color:
    palette = colors(comparison)
    scale = alt.Scale(domain=[*palette], range=[*palette.values()])
    return alt.Color("head:N", scale=scale, legend=build_legend(comparison) if legend else None)


def shape_heads(comparison: Comparison, *, legend: bool = True) -> alt.Shape:
    labels = comparison.labels
    scale = alt.Scale(domain=labels, range=[_SHAPES[i % len(_SHAPES)] for i in range(len(labels))])
    return alt.Shape("head:N", scale=scale, legend=build_legend(comparison) if legend else None)


def color_labels(labels: Sequence[str]) -> alt.Color:
    """Of heads by their own labels, whatever their settings; with one legend for colour and shape."""
    palette = head_colors()
    scale = alt.Scale(domain=[*labels], range=[palette[label] for label in labels])
    return alt.Color("head:N", scale=scale, legend=_build_legend(labels))


def shape_labels(labels: Sequence[str]) -> alt.Shape:
    """One a head, whichever others stand beside it."""
    places = [*head_colors()]
    shapes = [_SHAPES[places.index(label) % len(_SHAPES)] for label in labels]
    return alt.Shape("head:N", scale=alt.Scale(domain=[*labels], range=shapes), legend=_build_legend(labels))


def _build_legend(labels: Sequence[str]) -> alt.Legend:
    """On top, in one column where two names would not fit a phone."""
    columns = 2 if max(map(len, labels)) <= 16 else 1
    return alt.Legend(title=None, orient="top", columns=columns, labelLimit=320, symbolOpacity=1)


def place_heads(comparison: Comparison) -> alt.Y:
    """A row a head, its name before it."""
    return alt.Y("head:N", title=None, sort=comparison.labels, axis=alt.Axis(labelLimit=180, labelFontWeight="bold"))


def write_note(text: str) -> alt.Title:
    """What a reader needs to know of the marks, over the picture, in lines that fit a phone."""
    return alt.Title(wrap(text, _PHONE_CHARS), anchor="start", fontSize=12, fontWeight="normal", color=GREY)
