"""Formulas of the Lab page with the current values inserted."""

from collections.abc import Sequence
from itertools import pairwise

from core.lab.convolution import Convolution, compute_output_size, effective_size
from core.lab.matrix import format_number
from core.lab.receptive_field import Field

_TERMS = 25


def write_output_size(
    size: int, kernel: int, padding: tuple[int, int], stride: int, dilation: int, axis: str = ""
) -> str:
    """Return the LaTeX of o = ⌊(n + 2p − m)/s⌋ + 1; with the effective m if dilated, with p₁ + p₂ if asymmetric.

    `axis`, if given, is the subscript of o.
    """
    covered, (before, after) = effective_size(kernel, dilation), padding
    even = before == after
    symbol = f"o_{{\\text{{{axis}}}}}" if axis else "o"
    letters = "n + 2p - m" if even else "n + p_1 + p_2 - m"
    numbers = f"{size} + " + (f"2 \\cdot {before}" if even else f"{before} + {after}") + f" - {covered}"
    result = compute_output_size(size, kernel, padding, stride, dilation)
    lines = [
        f"{symbol} &= \\left\\lfloor \\frac{{{letters}}}{{s}} \\right\\rfloor + 1",
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


def write_receptive_field(fields: Sequence[Field]) -> str:
    """Return the LaTeX of the receptive field of a unit of the last field, with the numbers of up to six layers."""
    terms = [f"{field.kernel - 1} \\cdot {below.jump}" for below, field in pairwise(fields)]
    numbers = f"1 + {' + '.join(terms)} = " if len(terms) <= 6 else ""
    lines = "r &= 1 + \\sum_l (m_l - 1) \\prod_{i<l} s_i", f"&= {numbers}{fields[-1].width}"
    return "\\begin{aligned} " + " \\\\ ".join(lines) + " \\end{aligned}"


def _factor(value: float) -> str:
    text = format_number(value)
    return f"({text})" if value < 0 and text != "0" else text
