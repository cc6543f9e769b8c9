"""Fast algorithms for convolutions: equal results, and the numbers of multiplications."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import signal

from core.errors import SpecError
from core.lab.fast_convolution import correlate_fft, correlate_winograd, count_multiplications, find_fft_side
from tests.support.numbers import seeds, whole


@settings(deadline=None)
@given(n=st.tuples(st.integers(3, 12), st.integers(3, 12)), m=st.integers(1, 3), seed=seeds)
def test_fast_algorithms_equal_scipy(n: tuple[int, int], m: int, seed: int) -> None:
    x, kernel, small = whole(seed, *n), whole(seed + 1, 3, 3), whole(seed + 2, m, m)
    found = correlate_winograd(x, kernel)
    assert_allclose(found.output, signal.correlate2d(x, kernel, "valid"), atol=1e-9)
    rows, columns = found.output.shape
    assert found.products.size == 16 * -(-rows // 2) * -(-columns // 2)
    assert_allclose(correlate_fft(x, small), signal.correlate2d(x, small, "valid"), atol=1e-9)


@settings(deadline=None)
@given(n=st.integers(1, 64), m=st.integers(1, 15), c=st.integers(1, 16), k=st.integers(1, 16), batch=st.integers(1, 64))
def test_multiplications_are_counted_by_hand(n: int, m: int, c: int, k: int, batch: int) -> None:
    counts = count_multiplications(n, m, c, k, batch)
    assert counts.direct == n * n * m * m * c * k
    side = find_fft_side(n + m - 1)
    assert side // 2 < n + m - 1 <= side
    complex_ones = 2 * side * count_fft(side)  # of one transform: an FFT of each row, then of each column
    per_batch = complex_ones * (batch * c + batch * k + c * k) + side**2 * batch * c * k
    assert counts.fft == pytest.approx(4 * per_batch / batch, abs=1)
    assert counts.winograd == (16 * c * k * ((n + 1) // 2) ** 2 if m == 3 else None)


def count_fft(size: int) -> float:
    """Return the complex multiplications of a radix-2 FFT: one per pair of values in each of its stages."""
    return 0 if size == 1 else 2 * count_fft(size // 2) + size / 2


def test_winograd_saves_the_published_factor() -> None:
    counts = count_multiplications(56, 3, 64, 64, 32)
    assert counts.winograd is not None
    assert counts.direct / counts.winograd == 36 / 16 == 2.25


def test_winograd_needs_a_kernel_of_three() -> None:
    with pytest.raises(SpecError, match=r"Expected a kernel of 3 × 3 for F\(2×2, 3×3\); got 5 × 5\."):
        correlate_winograd(np.zeros((9, 9)), np.zeros((5, 5)))
