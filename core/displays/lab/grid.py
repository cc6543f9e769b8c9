"""Drawing of a matrix: cells with their values if they fit, otherwise pixels."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.shades import shade
from core.lab.matrix import format_number

_CELL = 46
_SIDE = 320
_LEAST_CELL = 17  # pixels that a cell needs to show its value
_DESCRIBED = 6  # half the number of rows or columns up to which the alt text lists every value

Index = tuple[int, ...]
NO_MARGIN = ((0, 0), (0, 0))


def draw_grid(
    values: NDArray[np.float64],
    name: str,
    *,
    window: Collection[Index] = (),
    margin: Sequence[tuple[int, int]] = NO_MARGIN,
    filled: int | None = None,
    signed: bool | None = None,
    side: float = _SIDE,
) -> str:
    """Return the SVG of `values` of shape (rows, columns).

    Args:
        name: name of the matrix in the alt text.
        window: cells with an orange border.
        margin: number of padding rows and columns before and after the values.
        filled: number of cells, row by row, that already have a value. Default: all.
        signed: draw negative values in blue and positive ones in orange. Default: if there are negative values.
        side: maximum length of the longer side in pixels.
    """
    rows, columns = values.shape
    cell = min(_CELL, side / max(rows, columns))
    size = (cell, cell)
    drawing = SvgDrawing(cell * columns, cell * rows)
    known = np.arange(values.size).reshape(values.shape) < (values.size if filled is None else filled)
    inner = np.zeros(values.shape, dtype=bool)
    inner[margin[0][0] : rows - margin[0][1], margin[1][0] : columns - margin[1][1]] = True
    colors = shade(values, signed=signed)
    if cell < _LEAST_CELL:
        opaque = np.where(known & inner, 255, 0).astype(np.uint8)[..., np.newaxis]
        drawing.pixels(0, 0, (drawing.width, drawing.height), np.concatenate([colors, opaque], axis=-1))
        drawing.edge(0, 0, (drawing.width, drawing.height), color="#8a94a3", width=0.8)
    else:
        texts = [[format_number(float(value)) for value in row] for row in values]
        font = fit_font(cell, texts)
        for r, c in np.ndindex(values.shape):
            fill = colors[r, c] if known[r, c] and inner[r, c] else None
            drawing.cell(c * cell, r * cell, size, texts[r][c] if known[r, c] else "", fill, font)
    for r, c in window:
        drawing.edge(c * cell, r * cell, size, width=3 if cell >= _LEAST_CELL else 1.5)
    return drawing.svg(describe_grid(values, name))


def fit_font(width: float, texts: Sequence[Sequence[str]]) -> float:
    """Return the font size at which the longest text fits its cell."""
    longest = max(2, *(len(text) for row in texts for text in row))
    return max(6, min(15, width * 0.42, 1.6 * width / longest))


def describe_grid(values: NDArray[np.float64], name: str) -> str:
    rows, columns = values.shape
    text = f"{name}, {rows} × {columns}"
    if max(rows, columns) > 2 * _DESCRIBED:
        return f"{text}, values from {format_number(values.min())} to {format_number(values.max())}."
    return text + ": " + "; ".join(" ".join(format_number(float(value)) for value in row) for row in values) + "."
