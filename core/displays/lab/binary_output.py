"""Drawing of the output layer of a binary classifier: one sigmoid unit or two softmax units."""

from collections.abc import Sequence

from core.displays.lab.drawing import SvgDrawing
from core.displays.lab.shades import BLUE, GREEN, GREY

_INPUTS, _BOX, _GAP, _ACROSS, _BAR = 4, 26, 12, 110, 150


def draw_outputs(logits: Sequence[float], probs: Sequence[float], classes: Sequence[int], target: int) -> str:
    """Return the SVG of input units, one output unit per logit, and a bar per class probability.

    Args:
        logits: one per output unit.
        probs: probability of the class in `classes` that each output unit has; the true class `target` is green.
    """
    height = _INPUTS * (_BOX + _GAP) - _GAP
    drawing = SvgDrawing(_BOX + 2 * _ACROSS + _BAR + 60, height)
    starts = [number * (_BOX + _GAP) for number in range(_INPUTS)]
    tops = [(height - _BOX) / 2 + (number - (len(logits) - 1) / 2) * 2 * _BOX for number in range(len(logits))]
    for start in starts:
        for top in tops:
            drawing.line(_BOX, start + _BOX / 2, _BOX + _ACROSS, top + _BOX / 2, color=BLUE, opacity=0.6)
        drawing.bar(0, start, (_BOX, _BOX), color=GREY, opacity=0.4)
    for top, logit in zip(tops, logits, strict=True):
        drawing.bar(_BOX + _ACROSS, top, (2.4 * _BOX, _BOX), color=BLUE)
        drawing.label(_BOX + _ACROSS + 1.2 * _BOX, top + _BOX / 2, f"{logit:.2f}", color="#ffffff", bold=True)
    for number, prob, y in zip(classes, probs, tops, strict=True):
        x = _BOX + _ACROSS + 3 * _BOX
        drawing.bar(x, y, (_BAR, _BOX), color=GREY, opacity=0.2)
        drawing.bar(x, y, (max(prob * _BAR, 0.5), _BOX), color=GREEN if number == target else GREY)
        drawing.label(x + _BAR + 6, y + _BOX / 2, f"P({number}) = {prob:.3f}", anchor="start")
    shown = ", ".join(f"P({number}) = {prob:.4f}" for number, prob in zip(classes, probs, strict=True))
    return drawing.svg(f"{len(logits)} output units. {shown}.")
