"""Drawing of the kernel slices of a filter for RGB images."""

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.shades import shade
from core.lab.convolution import Values

_CELL, _GAP, _NAME = 15, 10, 18


def draw_slices(kernel: Values, names: str = "RGB") -> str:
    """Return the SVG of a kernel of shape (rows, columns, channels): one slice per channel, blue if negative."""
    rows, columns, channels = kernel.shape
    drawing = SvgDrawing(channels * (columns * _CELL + _GAP) - _GAP, _NAME + rows * _CELL)
    colors = shade(kernel, signed=True)
    for channel in range(channels):
        left = channel * (columns * _CELL + _GAP)
        drawing.label(left + columns * _CELL / 2, _NAME / 2, names[channel])
        for row in range(rows):
            for column in range(columns):
                x, y = left + column * _CELL, _NAME + row * _CELL
                drawing.cell(x, y, (_CELL, _CELL), fill=colors[row, column, channel])
    return drawing.svg(f"Kernel slices of {channels} channels, {rows} × {columns} weights per slice.")
