"""Drawings of a receptive field: along one axis through all layers, and as a square on the input image."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.shades import ACCENT, BLUE, GREY
from core.lab.receptive_field import Field, trace_unit

_WIDTH, _LABEL, _ROW, _GAP = 430, 135, 16, 16
_LEAST_CELL = 5  # pixels between units that are drawn separately


def draw_layers(fields: Sequence[Field], unit: int) -> str:
    """Return the SVG of all layers at the scale of the input, the deepest at the top, with their receptive fields.

    Units that the given unit of the deepest layer depends on are orange; dotted cells are zeros of padding.
    """
    intervals = trace_unit(fields, unit)
    low = min(0, intervals[0][0])
    high = max(fields[0].size - 1, intervals[0][1])
    scale = _WIDTH / (high - low + 1)
    drawing = SvgDrawing(_WIDTH + _LABEL, len(fields) * (_ROW + _GAP) - _GAP)
    edges: list[tuple[float, float]] = []
    for row, (field, (first, last)) in enumerate(reversed(list(zip(fields, intervals, strict=True)))):
        y = row * (_ROW + _GAP)
        step = field.jump * scale
        origin = (field.start + (field.width - field.jump) / 2 - low) * scale  # left edge of unit 0
        if step >= _LEAST_CELL:
            for number in range(min(first, 0), max(last + 1, field.size)):
                x, inside = origin + number * step, 0 <= number < field.size
                if inside:
                    color = ACCENT if first <= number <= last else GREY
                    drawing.bar(x + 0.5, y, (step - 1, _ROW), color=color, opacity=1 if color == ACCENT else 0.35)
                else:
                    drawing.cell(x + 0.5, y, (step - 1, _ROW))
        else:
            drawing.bar(origin, y, (field.size * step, _ROW), color=GREY, opacity=0.35)
            drawing.bar(origin + first * step, y, ((last - first + 1) * step, _ROW), color=ACCENT)
        span = (origin + first * step, origin + (last + 1) * step)
        if edges:
            (left, top), (right, _) = edges
            drawing.area([(left, top), (right, top), (span[1], y), (span[0], y)], color=ACCENT, opacity=0.18)
        edges = [(span[0], y + _ROW), (span[1], y + _ROW)]
        text = f"{field.name}: {field.width if row < len(fields) - 1 else field.size} px"
        drawing.label(_WIDTH + 10, y + _ROW / 2, text, anchor="start", font=14)
    widths = ", ".join(f"{field.name} {field.width}" for field in fields)
    return drawing.svg(f"Receptive fields along one axis: {widths}.")


def draw_square(pixels: NDArray[np.uint8], fields: Sequence[Field], rows: int, columns: int, side: float) -> str:
    """Return the SVG of the input image with the receptive field of a unit of each layer; the deepest is orange.

    Args:
        pixels: square image, uint8 of shape (size, size, 3).
        rows, columns: index of the unit of the deepest layer. Other layers have the unit closest to its center.
    """
    scale = side / fields[0].size
    drawing = SvgDrawing(side, side)
    drawing.pixels(0, 0, (side, side), pixels)
    deepest = fields[-1]
    centers = [np.mean(deepest.interval(unit)) for unit in (rows, columns)]
    for field in fields[1:]:
        is_last = field is deepest
        middle = np.mean(field.interval(0))
        units = [np.clip(round((center - middle) / field.jump), 0, field.size - 1) for center in centers]
        corner = [field.interval(int(unit))[0] for unit in units]
        low = [max(0, start) for start in corner]
        high = [min(fields[0].size, start + field.width) for start in corner]
        size = ((high[1] - low[1]) * scale, (high[0] - low[0]) * scale)
        color, width = (ACCENT, 3.0) if is_last else (BLUE, 1.5)
        drawing.edge(low[1] * scale, low[0] * scale, size, color=color, width=width)
    return drawing.svg(
        f"The input image; a square of {deepest.width} × {deepest.width} pixels marks the receptive field."
    )
