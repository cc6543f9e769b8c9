"""Drawing of how many output values use each input value along one axis."""

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.shades import ACCENT, BLUE
from core.lab.input_use import Counts

_WIDTH, _CELL, _ROW, _BLOCK = 640, 40, 28, 12


def draw_uses(counts: Counts, padding: tuple[int, int]) -> str:
    """Return the SVG of an axis with zeros of padding; above each input value, one block per output value that uses it.

    Blocks are blue for the most used values, and orange for others.
    """
    before, after = padding
    cells = len(counts) + before + after
    cell = min(_CELL, _WIDTH / cells)
    top = int(counts.max())
    drawing = SvgDrawing(cells * cell, top * _BLOCK + 6 + _ROW)
    base = top * _BLOCK + 6
    for i in range(cells):
        number = i - before
        inside = 0 <= number < len(counts)
        text = (f"x{number}" if inside else "0") if cell > 20 else ""
        drawing.cell(i * cell, base, (cell, _ROW), text)
        for block in range(int(counts[number]) if inside else 0):
            color = BLUE if counts[number] == top else ACCENT
            drawing.bar(i * cell + 3, base - 4 - (block + 1) * _BLOCK, (cell - 6, _BLOCK - 2), color=color)
    return drawing.svg(f"Uses of each input value: {' '.join(map(str, counts.tolist()))}.")
