"""A matrix as a drawing: cells with their numbers while there is room for them, pixels after that."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.shades import shade
from core.lab.matrix import format_number

_CELL = 46
_SIDE = 320
_ROOM = 17  # pixels that a cell needs for a figure
_SHOWN = 6  # rows that the description reads out

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
    """SVG of `values` of shape (rows, columns).

    Args:
        name: what it is, for the description.
        window: cells with an orange edge.
        margin: rows and columns before and after that are padding.
        filled: how many cells, row by row, have their value already; all of them by default.
        signed: blue below 0 and orange above; by default where there are negative values.
        side: pixels of the longer side, at most.
    """
    rows, columns = values.shape
    cell = min(_CELL, side / max(rows, columns))
    size = (cell, cell)
    drawing = SvgDrawing(cell * columns, cell * rows)
    known = np.arange(values.size).reshape(values.shape) < (values.size if filled is None else filled)
    inner = np.zeros(values.shape, dtype=bool)
    inner[margin[0][0] : rows - margin[0][1], margin[1][0] : columns - margin[1][1]] = True
    colors = shade(values, signed=signed)
    if cell < _ROOM:
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
        drawing.edge(c * cell, r * cell, size, width=3 if cell >= _ROOM else 1.5)
    return drawing.svg(describe_grid(values, name))


def fit_font(width: float, texts: Sequence[Sequence[str]]) -> float:
    """A size at which the longest figure fits its cell."""
    longest = max(2, *(len(text) for row in texts for text in row))
    return max(6, min(15, width * 0.42, 1.6 * width / longest))


def describe_grid(values: NDArray[np.float64], name: str) -> str:
    rows, columns = values.shape
    said = f"{name}, {rows} rows of {columns}"
    if max(rows, columns) > 2 * _SHOWN:
        return f"{said}, values from {format_number(values.min())} to {format_number(values.max())}."
    return said + ": " + "; ".join(" ".join(format_number(float(value)) for value in row) for row in values) + "."
