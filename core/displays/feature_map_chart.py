"""Drawing of feature maps: one panel per head with the strongest maps of each layer."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.feature_maps import LayerMaps
from core.augment.pillow import resize_array
from core.displays.architecture_diagram import INK, NO_PADDING, format_shape
from core.displays.chart_view import Chart
from core.displays.encoding import GREY, PANEL_PIXELS
from core.displays.lab.drawing import encode_png

STRONGEST = 6
_CELL, _SPACE = 42, 4
_WIDTH = STRONGEST * (_CELL + _SPACE)  # fits a dialog on a phone
_SCALE = 2  # pixels of a map per pixel of the panel
_TITLE, _LINES, _GAP = 30, 34, 12

Heads = Mapping[str, Sequence[LayerMaps]]


def build_feature_map_chart(picture: NDArray[np.uint8], heads: Heads, palette: Mapping[str, str]) -> Chart:
    """Build the panels.

    Args:
        picture: the input of the models, uint8 of shape (height, width, channels).
        heads: the layers of each head by label; the heads with maps only.
        palette: color of each label.
    """
    panels = [_draw(label, picture, layers, palette[label]) for label, layers in heads.items()]
    chart = alt.concat(*panels, columns=min(2, len(panels)), spacing=24)
    return chart.properties(usermeta={PANEL_PIXELS: _WIDTH}, padding=NO_PADDING)


def describe_scale(heads: Heads) -> str:
    """Explain the gray levels and the selection of maps."""
    negative = any(layer.maps.min() < 0 for layers in heads.values() for layer in layers)
    black = "its smallest value, at most 0," if negative else "0"
    return (
        f"The {STRONGEST} strongest maps of each layer, by mean absolute value. The maps of a layer share one scale: "
        f"black is {black} and white its largest value."
    )


def _draw(label: str, picture: NDArray[np.uint8], layers: Sequence[LayerMaps], color: str) -> Chart:
    texts: list[dict[str, Any]] = [{"text": label, "x": 16, "y": 10, "bold": True}]
    images: list[dict[str, Any]] = []
    top = float(_TITLE)

    def add(title: str, note: str, tiles: Sequence[NDArray[np.uint8]]) -> None:
        nonlocal top
        for line, text in enumerate((title, note)):
            texts.append({"text": text, "x": 0, "y": top + 8 + 16 * line, "bold": line == 0})
        for index, tile in enumerate(tiles):
            images.append(
                {"url": encode_png(tile), "x": 1 + index * (_CELL + _SPACE), "y": top + _LINES, "title": title}
            )
        top += _LINES + _CELL + _GAP

    rgb = np.repeat(picture, 3, axis=-1) if picture.shape[-1] == 1 else picture
    add("Input image", format_shape(picture.shape), [_resize(rgb)])
    for layer in layers:
        low, high = min(0.0, float(layer.maps.min())), float(layer.maps.max())
        strongest = layer.rank(STRONGEST)
        names = ", ".join(str(index) for index in strongest)
        note = f"largest value {high:.3g}; map{'s' if len(strongest) > 1 else ''} {names}"
        tiles = [_resize(_shade(layer.maps[..., index], low, high)) for index in strongest]
        add(f"{layer.title}, {format_shape(layer.shape)}", note, tiles)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, _WIDTH], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[top, 0], nice=False))
    dot = alt.Chart(pd.DataFrame([{"x": 6, "y": 10}])).mark_circle(color=color, size=90, opacity=1)
    frame = pd.DataFrame(images).assign(x2=lambda data: data["x"] + _CELL, y2=lambda data: data["y"] + _CELL)
    pictures = alt.Chart(frame).mark_image(width=_CELL, height=_CELL, align="left", baseline="top")
    frames = alt.Chart(frame).mark_rect(filled=False, stroke=GREY, strokeWidth=1)
    tip = alt.Tooltip("title:N", title="Layer")
    words = [
        alt.Chart(pd.DataFrame([text for text in texts if text["bold"] is bold]))
        .mark_text(align="left", baseline="middle", fontSize=12, color=INK, fontWeight="bold" if bold else "normal")
        .encode(x=x, y=y, text=alt.Text("text:N"))
        for bold in (True, False)
    ]
    drawn = (
        dot.encode(x=x, y=y),
        pictures.encode(x=x, y=y, url=alt.Url("url:N")),
        frames.encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q"), tooltip=tip),
        *words,
    )
    return alt.layer(*drawn).properties(width=_WIDTH, height=top)


def _shade(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """Return a map as gray levels, uint8 of shape (height, width, 3)."""
    share = (values - low) / ((high - low) or 1.0)
    return np.repeat(np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)[..., np.newaxis], 3, axis=-1)


def _resize(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return square pixels of a cell: small maps are enlarged without smoothing."""
    side = _CELL * _SCALE
    if max(pixels.shape[:2]) > side:
        return resize_array(pixels, side, side)
    rows, columns = (np.arange(side) * size // side for size in pixels.shape[:2])
    return pixels[rows][:, columns]
