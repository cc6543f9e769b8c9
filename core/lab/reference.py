"""Reference results from NumPy and SciPy."""

from dataclasses import dataclass

import numpy as np

from core.lab.convolution import Convolution, Padding, PerAxis, Values, effective_size


@dataclass(frozen=True)
class Reference:
    """A call of NumPy or SciPy as code, and its output."""

    call: str
    output: Values


def compute_reference(convolution: Convolution, padding: Padding | PerAxis) -> Reference:
    """Compute a convolution with numpy.convolve or scipy.signal.convolve2d.

    Unsupported padding, stride and dilation are emulated by zeros around the input, a slice of the result and zeros
    between the weights. For a cross-correlation the kernel is flipped.
    """
    x, kernel = convolution.x, convolution.kernel if convolution.flip else np.flip(convolution.kernel)
    name = "w" if convolution.flip else ("w[::-1]" if x.ndim == 1 else "w[::-1, ::-1]")
    if max(convolution.dilation) > 1:
        kernel, name = _dilate(kernel, convolution.dilation), f"dilated({name})"
    mode: Padding = "valid"
    if isinstance(padding, str) and _supports(convolution, padding):
        mode, argument = padding, "x"
    else:
        x = convolution.padded
        argument = f"np.pad(x, {_format_padding(convolution.padding)})" if any(map(any, convolution.padding)) else "x"
    slices = ", ".join(f"::{stride}" for stride in convolution.stride)
    tail = f"[{slices}]" if max(convolution.stride) > 1 else ""
    function = "numpy.convolve" if x.ndim == 1 else "scipy.signal.convolve2d"
    output = _convolve(x, kernel, mode)[tuple(slice(None, None, stride) for stride in convolution.stride)]
    return Reference(f'{function}({argument}, {name}, "{mode}"){tail}', output)


def _supports(convolution: Convolution, mode: Padding) -> bool:
    """Return whether the library gives the same result for a padding mode.

    Its "same" is the center of "full", so an odd zero is added at the start, and a kernel longer than the input is
    swapped with it.
    """
    sides = list(zip(convolution.x.shape, convolution.kernel.shape, strict=True))
    plain = max(*convolution.stride, *convolution.dilation) == 1 and all(m % 2 for _, m in sides)
    return all(m <= n for n, m in sides) and (mode != "same" or plain)


def _convolve(x: Values, kernel: Values, mode: Padding) -> Values:
    if x.ndim == 1:
        return np.convolve(x, kernel, mode)
    from scipy.signal import convolve2d  # imported here: slow to import and only needed for 2D

    return convolve2d(x, kernel, mode)


def _dilate(kernel: Values, dilation: tuple[int, ...]) -> Values:
    dilated = np.zeros([*map(effective_size, kernel.shape, dilation)])
    dilated[tuple(slice(None, None, d) for d in dilation)] = kernel
    return dilated


def _format_padding(padding: tuple[tuple[int, int], ...]) -> str:
    if len({zero for pair in padding for zero in pair}) == 1:
        return str(padding[0][0])
    return str(padding[0] if len(padding) == 1 else padding)
