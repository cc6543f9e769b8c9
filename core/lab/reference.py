"""The same results from NumPy and SciPy, with the call that gives them."""

from dataclasses import dataclass

import numpy as np

from core.lab.convolution import Convolution, Padding, Values


@dataclass(frozen=True)
class Reference:
    call: str
    output: Values


def compute_reference(convolution: Convolution, padding: Padding | int) -> Reference:
    """numpy.convolve or scipy.signal.convolve2d of the same input, kernel, padding, stride and dilation.

    Padding, stride and dilation that the function does not know become zeros round the input, a slice of the result
    and zeros between the weights. For a cross-correlation the kernel is handed over turned round.
    """
    x, kernel = convolution.x, convolution.kernel if convolution.flip else np.flip(convolution.kernel)
    name = "w" if convolution.flip else ("w[::-1]" if x.ndim == 1 else "w[::-1, ::-1]")
    if convolution.dilation > 1:
        kernel, name = _dilate(kernel, convolution.dilation), f"dilated({name})"
    mode: Padding = "valid"
    if not isinstance(padding, int) and _knows(convolution, padding):
        mode, argument = padding, "x"
    else:
        x = convolution.padded
        argument = f"np.pad(x, {_write(convolution.padding)})" if any(map(any, convolution.padding)) else "x"
    cut = ", ".join([f"::{convolution.stride}"] * x.ndim)
    tail = f"[{cut}]" if convolution.stride > 1 else ""
    function = "numpy.convolve" if x.ndim == 1 else "scipy.signal.convolve2d"
    output = _convolve(x, kernel, mode)[(slice(None, None, convolution.stride),) * x.ndim]
    return Reference(f'{function}({argument}, {name}, "{mode}"){tail}', output)


def _knows(convolution: Convolution, mode: Padding) -> bool:
    """Whether the library means the same by it. Its «same» is the middle of «full», so an odd zero stands in front, and
    a kernel longer than the input changes places with it."""
    sides = list(zip(convolution.x.shape, convolution.kernel.shape, strict=True))
    plain = convolution.stride == convolution.dilation == 1 and all(m % 2 for _, m in sides)
    return all(m <= n for n, m in sides) and (mode != "same" or plain)


def _convolve(x: Values, kernel: Values, mode: Padding) -> Values:
    if x.ndim == 1:
        return np.convolve(x, kernel, mode)
    from scipy.signal import convolve2d  # as long as all else on the page together, for this one topic

    return convolve2d(x, kernel, mode)


def _dilate(kernel: Values, dilation: int) -> Values:
    wide = np.zeros([dilation * (m - 1) + 1 for m in kernel.shape])
    wide[(slice(None, None, dilation),) * kernel.ndim] = kernel
    return wide


def _write(padding: tuple[tuple[int, int], ...]) -> str:
    if len({zero for pair in padding for zero in pair}) == 1:
        return str(padding[0][0])
    return str(padding[0] if len(padding) == 1 else padding)
