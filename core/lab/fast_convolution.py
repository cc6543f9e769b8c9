"""Fast algorithms for a convolutional layer, and the number of their multiplications.

All compute the cross-correlation of frameworks with stride 1. For n × n outputs, m × m kernels, c input channels and k
filters, the real multiplications per image are

    direct                n² · m² · c · k
    FFT                   4·N²·log₂ N · (c + k + c·k/S) + 4·N² · c · k      with N ≥ n + m − 1, a power of two
    Winograd F(2×2,3×3)   16 · ⌈n/2⌉² · c · k

The FFT count is that of Mathieu, Henaff & LeCun 2013 (Fast training of convolutional networks through FFTs,
arXiv:1312.5851) for a batch of S images, with the N²·log₂ N complex multiplications of a radix-2 FFT of N × N values
and four real multiplications per complex one. The Winograd count is that of Lavin & Gray 2015 (Fast algorithms for
convolutional neural networks, arXiv:1509.09308): 16 instead of 36 per tile of 2 × 2 outputs. It omits the transforms of
input and output, which only add, and that of the kernels, which is computed once.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Convolution, Values

_INPUT = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
_KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
_OUTPUT = np.array([[1.0, 1, 1, 0], [0, 1, -1, -1]])


@dataclass(frozen=True)
class Multiplications:
    """Real multiplications per image of a layer; `winograd` is None unless the kernel is 3 × 3."""

    direct: int
    fft: int
    winograd: int | None


def count_multiplications(side: int, kernel: int, channels: int, filters: int, batch: int) -> Multiplications:
    """Return the multiplications of a layer with same padding and stride 1.

    >>> count_multiplications(side=28, kernel=3, channels=1, filters=32, batch=25)
    Multiplications(direct=225792, fft=833126, winograd=100352)
    """
    pairs = channels * filters
    padded = find_fft_side(side + kernel - 1)
    transforms = channels + filters + pairs / batch
    fft = 4 * padded**2 * (np.log2(padded) * transforms + pairs)
    winograd = 16 * (-(-side // 2)) ** 2 * pairs if kernel == 3 else None
    return Multiplications(side**2 * kernel**2 * pairs, round(fft), winograd)


def find_fft_side(size: int) -> int:
    """Return the smallest power of two that is at least `size`."""
    return 1 << (size - 1).bit_length()


def correlate_fft(x: Values, kernel: Values) -> Values:
    """Cross-correlate two maps with valid padding through the FFT: a product of their spectra.

    Raises:
        SpecError: if the kernel is larger than the input.
    """
    shape = Convolution.of(x, kernel, "valid").shape
    side = find_fft_side(max(x.shape))
    spectrum = np.fft.fft2(x, (side, side)) * np.conj(np.fft.fft2(kernel, (side, side)))
    return np.fft.ifft2(spectrum).real[: shape[0], : shape[1]]


@dataclass(frozen=True)
class WinogradResult:
    """Result of `correlate_winograd`.

    Attributes:
        output: the cross-correlation.
        products: of shape (tile rows, tile columns, 4, 4), the products of transformed inputs and kernel.
    """

    output: Values
    products: Values


def correlate_winograd(x: Values, kernel: Values) -> WinogradResult:
    """Cross-correlate a map with a 3 × 3 kernel with valid padding by Winograd's F(2×2, 3×3).

    Each tile of 4 × 4 inputs gives 2 × 2 outputs: Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A (Lavin & Gray 2015, equation 8).

    Raises:
        SpecError: if the kernel is not 3 × 3, or larger than the input.
    """
    if kernel.shape != (3, 3):
        raise SpecError(f"Expected a kernel of 3 × 3 for F(2×2, 3×3); got {' × '.join(map(str, kernel.shape))}.")
    rows, columns = Convolution.of(x, kernel, "valid").shape
    padded = np.pad(x, ((0, rows % 2), (0, columns % 2)))  # an even number of outputs
    tiles = np.lib.stride_tricks.sliding_window_view(padded, (4, 4))[::2, ::2]
    products = (_KERNEL @ kernel @ _KERNEL.T) * (_INPUT @ tiles @ _INPUT.T)
    outputs = _OUTPUT @ products @ _OUTPUT.T
    output = outputs.swapaxes(1, 2).reshape(2 * outputs.shape[0], 2 * outputs.shape[1])
    return WinogradResult(output[:rows, :columns], products)
