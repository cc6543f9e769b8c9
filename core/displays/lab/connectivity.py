"""Drawings of the connections of a layer: units with lines between them, and the weight matrix."""

import colorsys

import numpy as np
from numpy.typing import NDArray

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.shades import GREY

_CELL, _HEIGHT, _BOX = 25, 110, 22
Numbers = NDArray[np.int64]


def draw_connections(weights: Numbers, unit: int, name: str) -> str:
    """Return the SVG of inputs (below) and outputs (above) with one line per connection, colored by weight.

    Args:
        weights: number of the weight of each connection, of shape (outputs, inputs); 0 is no connection.
        unit: output whose connections are emphasized.
    """
    outputs, inputs = weights.shape
    colors = list_colors(weights)
    drawing = SvgDrawing(_CELL * max(inputs, outputs), _HEIGHT + 2 * _BOX)
    left, top = (_CELL * (max(inputs, outputs) - count) / 2 for count in (inputs, outputs))
    for o, i in sorted(np.argwhere(weights), key=lambda pair: pair[0] == unit):  # the emphasized lines are on top
        drawing.line(
            left + (i + 0.5) * _CELL,
            _HEIGHT + _BOX,
            top + (o + 0.5) * _CELL,
            _BOX,
            color=colors[int(weights[o, i])],
            width=3 if o == unit else 1.3,
            opacity=1 if o == unit else 0.45,
        )
    for count, start, y, letter in ((outputs, top, 0, "y"), (inputs, left, _HEIGHT + _BOX, "x")):
        for number in range(count):
            drawing.bar(start + number * _CELL + 2, y, (_CELL - 4, _BOX), color=GREY, opacity=0.3)
            drawing.label(start + (number + 0.5) * _CELL, y + _BOX / 2, f"{letter}{number}", font=11)
    return drawing.svg(f"{name}: {np.count_nonzero(weights)} connections with {count_weights(weights)} weights.")


def draw_weight_matrix(weights: Numbers, unit: int, name: str) -> str:
    """Return the SVG of the weight matrix: equal colors are the same weight, empty cells are zeros."""
    outputs, inputs = weights.shape
    cell = 24
    colors = list_colors(weights)
    drawing = SvgDrawing(cell * inputs, cell * outputs)
    for (o, i), number in np.ndenumerate(weights):
        drawing.cell(i * cell, o * cell, (cell, cell))
        if number:
            drawing.bar(i * cell + 1, o * cell + 1, (cell - 2, cell - 2), color=colors[int(number)])
    drawing.edge(0, unit * cell, (cell * inputs, cell), width=2)
    return drawing.svg(f"Weight matrix of {outputs} × {inputs}, {name}; {count_weights(weights)} different weights.")


def count_weights(weights: Numbers) -> int:
    """Return the number of different weights."""
    return len(np.unique(weights[weights > 0]))


def list_colors(weights: Numbers) -> dict[int, str]:
    """Return a color per weight: hues in equal steps."""
    numbers = np.unique(weights[weights > 0]).tolist()
    shades = [colorsys.hls_to_rgb(0.55 + index / max(len(numbers), 1), 0.47, 0.75) for index in range(len(numbers))]
    return {
        number: "#" + bytes(round(255 * part) for part in shade).hex()
        for number, shade in zip(numbers, shades, strict=True)
    }
