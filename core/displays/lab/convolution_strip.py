"""Drawing of one step of a 1D convolution: padded signal, kernel under its window, output so far."""

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.grid import fit_font
from core.displays.lab.shades import shade
from core.lab.convolution import Convolution
from core.lab.matrix import format_number

_ROW, _GAP, _NAME = 38, 18, 22
_WIDTH, _CELL = 1000, 46


def draw_strip(convolution: Convolution, step: int) -> str:
    """Return the SVG of one step (counted from 0). Each weight is below the value that it multiplies."""
    padded, weights, output = convolution.padded, convolution.applied, convolution.output
    (before, after), count = convolution.padding[0], len(padded)
    cell = min(_CELL, _WIDTH / max(count, len(output)))
    drawing = SvgDrawing(max(260, cell * max(count, len(output))), 3 * (_ROW + _NAME) + 2 * _GAP)
    window = [index for (index,) in convolution.window(step)]
    size = (cell, _ROW)

    y = _name(drawing, 0, f"Signal{f' with {before} + {after} zeros of padding' if before or after else ''}")
    colors, texts = shade(padded), [format_number(float(value)) for value in padded]
    font = fit_font(cell, [texts])
    for i, text in enumerate(texts):
        drawing.cell(i * cell, y, size, text, colors[i] if before <= i < count - after else None, font)
    for i in window:
        drawing.edge(i * cell, y, size)

    y = _name(drawing, y + _ROW + _GAP, f"Kernel, {'flipped' if convolution.flip else 'not flipped'}")
    colors, texts = shade(weights, signed=True), [format_number(float(value)) for value in weights]
    for i, color, text in zip(window, colors, texts, strict=True):
        drawing.cell(i * cell, y, size, text, color, fit_font(cell, [texts]))

    y = _name(drawing, y + _ROW + _GAP, "Output so far")
    colors, texts = shade(output), [format_number(float(value)) for value in output]
    font = fit_font(cell, [texts])
    for i, text in enumerate(texts):
        drawing.cell(i * cell, y, size, text if i <= step else "", colors[i] if i <= step else None, font)
    drawing.edge(step * cell, y, size)
    return drawing.svg(f"Step {step + 1} of {len(output)}. Output: {' '.join(texts[: step + 1])}.")


def _name(drawing: SvgDrawing, y: float, text: str) -> float:
    drawing.label(0, y + 8, text, anchor="start", font=15, bold=True)
    return y + _NAME
