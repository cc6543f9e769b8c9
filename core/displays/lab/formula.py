"""Formulas of the Lab page with the current values inserted."""

from core.lab.convolution import Convolution, compute_output_size, effective_size
from core.lab.matrix import format_number

_TERMS = 25


def write_output_size(size: int, kernel: int, padding: tuple[int, int], stride: int, dilation: int) -> str:
    """Return the LaTeX of o = ⌊(n + 2p − m)/s⌋ + 1; with the effective m if dilated, with p₁ + p₂ if asymmetric."""
    covered, (before, after) = effective_size(kernel, dilation), padding
    even = before == after
    letters = "n + 2p - m" if even else "n + p_1 + p_2 - m"
    numbers = f"{size} + " + (f"2 \\cdot {before}" if even else f"{before} + {after}") + f" - {covered}"
    result = compute_output_size(size, kernel, padding, stride, dilation)
    lines = [
        f"o &= \\left\\lfloor \\frac{{{letters}}}{{s}} \\right\\rfloor + 1",
        f"&= \\left\\lfloor \\frac{{{numbers}}}{{{stride}}} \\right\\rfloor + 1 = {result}",
    ]
    if dilation > 1:
        lines.insert(0, f"m &= d\\,(m_0 - 1) + 1 = {dilation}\\,({kernel} - 1) + 1 = {covered}")
    return "\\begin{aligned} " + " \\\\ ".join(lines) + " \\end{aligned}"


def write_step(convolution: Convolution, step: int) -> str:
    """Return "y[3] = 2·2 + 4·1 + … = 26", with the products in the order of the input."""
    index = ", ".join(map(str, convolution.position(step)))
    value = format_number(float(convolution.output[convolution.position(step)]))
    pairs = convolution.products(step)
    terms = [f"{_factor(x)}·{_factor(w)}" for x, w in pairs[:_TERMS]]
    rest = f" + … ({len(pairs)} products)" if len(pairs) > _TERMS else ""
    return f"y[{index}] = {' + '.join(terms)}{rest} = **{value}**"


def write_sum(parts: list[float], bias: float) -> str:
    """Return "3 + (−1) + 4 + 0.5 (bias) = 6.5"."""
    total = format_number(sum(parts) + bias)
    return f"{' + '.join(map(_factor, [*parts, bias]))} (bias) = **{total}**"


def _factor(value: float) -> str:
    text = format_number(value)
    return f"({text})" if value < 0 and text != "0" else text
