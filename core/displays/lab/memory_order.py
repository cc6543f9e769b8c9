"""Drawing of the values of an RGB image in the order of memory."""

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.shades import ACCENT
from core.lab.memory_order import Cell, Layout, compute_offset, list_values

COLORS = ("#c8402f", "#2f8f4e", "#2f6fc8")  # red, green, blue
_CELL, _WIDTH = 26, 18


def draw_memory(height: int, width: int, cell: Cell, layout: Layout) -> str:
    """Return the SVG of the values in the order of memory, colored by channel; `cell` has an orange border."""
    order = list_values(height, width, len(COLORS), layout)
    drawing = SvgDrawing(min(len(order), _WIDTH) * _CELL, -(-len(order) // _WIDTH) * (_CELL + 6))
    for number, (row, column, channel) in enumerate(order):
        x, y = number % _WIDTH * _CELL, number // _WIDTH * (_CELL + 6)
        drawing.bar(x + 1, y, (_CELL - 2, _CELL), color=COLORS[channel])
        drawing.label(x + _CELL / 2, y + _CELL / 2, f"{row}{column}", font=12, color="#ffffff")
    offset = compute_offset(cell, height, width, len(COLORS), layout)
    drawing.edge(offset % _WIDTH * _CELL, offset // _WIDTH * (_CELL + 6), (_CELL, _CELL), color=ACCENT, width=4)
    return drawing.svg(f"Values in memory, {layout}; the selected value is at position {offset}.")


def draw_channel(height: int, width: int, channel: int, cell: Cell) -> str:
    """Return the SVG of one channel of the image, with row and column in each cell."""
    drawing = SvgDrawing(width * _CELL, height * _CELL)
    for row in range(height):
        for column in range(width):
            x, y = column * _CELL, row * _CELL
            drawing.bar(x + 1, y + 1, (_CELL - 2, _CELL - 2), color=COLORS[channel])
            drawing.label(x + _CELL / 2, y + _CELL / 2, f"{row}{column}", font=12, color="#ffffff")
    if cell[2] == channel:
        drawing.edge(cell[1] * _CELL, cell[0] * _CELL, (_CELL, _CELL), color=ACCENT, width=4)
    return drawing.svg(f"Channel {channel} of {height} × {width} values.")
