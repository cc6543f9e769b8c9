"""Drawing of the kernel positions along one axis, one line per output value."""

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.shades import ACCENT, BLUE, GREY
from core.lab.convolution import effective_size

_WIDTH, _CELL, _TOP, _MAX_SHOWN = 900, 40, 44, 24


def draw_kernel_positions(size: int, kernel: int, padding: int, stride: int, dilation: int, outputs: int) -> str:
    """Return the SVG of the padded axis with the kernel positions below it.

    Weights are blue, the gaps of a dilated kernel light blue, unused values at the end of the axis orange.
    """
    padded = size + 2 * padding
    cell = min(_CELL, _WIDTH / padded)
    lines = min(outputs, _MAX_SHOWN)
    line = 16 if lines <= 12 else 11
    drawing = SvgDrawing(padded * cell, _TOP + (lines + (outputs > _MAX_SHOWN)) * line + 4)
    left = (padded - effective_size(kernel, dilation)) % stride
    for i in range(padded):
        inside = padding <= i < size + padding
        drawing.cell(
            i * cell, 0, (cell, 26), str(i - padding + 1) if inside and cell > 17 else "0" if cell > 17 else ""
        )
        if inside:
            drawing.bar(i * cell + 1, 1, (cell - 2, 24), color=GREY, opacity=0.35)
        if i >= padded - left:
            drawing.bar(i * cell + 1, 28, (cell - 2, 6), color=ACCENT)
    for number in range(lines):
        y, start = _TOP + number * line, number * stride
        drawing.bar(start * cell, y, (effective_size(kernel, dilation) * cell, line - 4), color=BLUE, opacity=0.25)
        for k in range(kernel):
            drawing.bar((start + k * dilation) * cell + 1, y, (cell - 2, line - 4), color=BLUE)
    if outputs > _MAX_SHOWN:
        text = f"… and {outputs - _MAX_SHOWN} more"
        drawing.label(0, _TOP + lines * line + 6, text, anchor="start", font=12)
    unused = f"; {left} values at the end are unused" if left else ""
    return drawing.svg(f"{outputs} kernel positions on {padded} padded values{unused}.")
