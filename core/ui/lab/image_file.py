"""Image file as an array: shape, value range, channels and values."""

import numpy as np
import pandas as pd
import streamlit as st

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.grid import draw_grid
from core.displays.number import format_bytes, format_count
from core.image_file import Pixels, compute_grey, read_picture, shrink_picture
from core.ui import url, widget
from core.ui.display import show_frame
from core.ui.lab.drawing import show_drawings
from core.ui.lab.inputs import choose_photo, limit_state

url.register(*(f"lab_array_{name}" for name in ("photo", "plane", "row", "column")))

_DRAWN, _SIDE, _CROP = 480, 290, 8
_GRAY = "gray"
_TINTS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


def show_image_file() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        data = choose_photo(key="array")
        pixels = _read(data)
        height, width, channels = pixels.shape
        planes = [_GRAY] if channels == 1 else [*_TINTS, _GRAY]
        if st.session_state.get("lab_array_plane", planes[0]) not in planes:  # left over from a color image
            st.session_state["lab_array_plane"] = planes[0]
        plane = widget.segmented("Channel", planes, key="lab_array_plane")
        row = _choose_corner("row", height, "lab_array_row")
        column = _choose_corner("column", width, "lab_array_column")
    with right:
        st.markdown(
            f"**shape** ({height}, {width}, {channels}) · **dtype** {pixels.dtype} · **range** {pixels.min()} to "
            f"{pixels.max()} · {format_count(pixels.size)} values, {format_bytes(pixels.nbytes)} in memory, "
            f"{format_bytes(len(data))} as a file"
        )
        crop = _take(pixels[row : row + _CROP, column : column + _CROP], plane)
        show_drawings(
            "crop",
            [
                ("Image with crop", _draw(data, row, column, crop.shape)),
                "→",
                (
                    f"{plane.capitalize()}, rows {row} to {row + crop.shape[0] - 1}, columns {column} to "
                    f"{column + crop.shape[1] - 1}",
                    draw_grid(crop.astype(np.float64), f"Values of the {plane} channel", side=_SIDE),
                ),
            ],
        )
        st.header("Channels", anchor=False)
        show_drawings("planes", _draw_planes(data, planes))
        if channels == 3:
            st.caption("Gray = 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), as in Pillow.")
        show_frame(_summarize(data, planes))


@st.cache_data(show_spinner=False, max_entries=4)
def _read(data: bytes) -> Pixels:
    return read_picture(data)


def _choose_corner(label: str, size: int, key: str) -> int:
    """Return the first row or column of the crop."""
    last = size - _CROP
    if last < 1:
        return 0
    limit_state(key, last)
    return widget.slider(f"First {label} of the crop", 0, last, last // 2, key=key)


def _take(pixels: Pixels, plane: str) -> Pixels:
    """Return one channel, uint8 of shape (height, width)."""
    return compute_grey(pixels)[..., 0] if plane == _GRAY else pixels[..., [*_TINTS].index(plane)]


@st.cache_data(show_spinner=False, max_entries=4)
def _shrink(data: bytes) -> Pixels:
    return shrink_picture(_read(data), _DRAWN)


def _draw(data: bytes, row: int, column: int, crop: tuple[int, ...]) -> str:
    pixels, small = _read(data), _shrink(data)
    height, width = (_SIDE * side / max(pixels.shape[:2]) for side in pixels.shape[:2])
    drawing = SvgDrawing(width, height)
    drawing.pixels(0, 0, (width, height), np.repeat(small, 3, axis=-1) if small.shape[-1] == 1 else small)
    scale = width / pixels.shape[1]
    drawing.edge(column * scale, row * scale, (crop[1] * scale, crop[0] * scale), width=2)
    return drawing.svg("The image; an orange frame marks the crop.")


@st.cache_data(show_spinner=False, max_entries=4)
def _draw_planes(data: bytes, planes: list[str]) -> list[tuple[str, str]]:
    small = shrink_picture(_read(data), _DRAWN // 2)
    return [(plane, _draw_plane(small, plane)) for plane in planes]


def _draw_plane(pixels: Pixels, plane: str) -> str:
    small = _take(pixels, plane)
    tint = np.array(_TINTS.get(plane, (1, 1, 1)), dtype=np.uint8)
    height, width = (200 * side / max(small.shape) for side in small.shape)
    drawing = SvgDrawing(width, height)
    drawing.pixels(0, 0, (width, height), small[..., np.newaxis] * tint)
    return drawing.svg(f"The {plane} channel.")


@st.cache_data(show_spinner=False, max_entries=4)
def _summarize(data: bytes, planes: list[str]) -> pd.DataFrame:
    values = {plane: _take(_read(data), plane) for plane in planes}
    return pd.DataFrame(
        [
            {
                "Channel": plane,
                "Minimum": int(v.min()),
                "Mean": f"{v.mean():.1f}",
                "Maximum": int(v.max()),
                "First values": " ".join(map(str, v[0, :4])),
            }
            for plane, v in values.items()
        ]
    )
