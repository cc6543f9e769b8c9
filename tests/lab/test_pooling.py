"""Pooling compared with a loop over windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from core.errors import SpecError
from core.lab.convolution import PerAxis, repeat_axes
from core.lab.pooling import REDUCTIONS, compute_twin, lay_windows, pool, pool_globally
from tests.support.numbers import seeds, strides, whole


@settings(deadline=None)
@given(
    n=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    window=st.integers(1, 4) | st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=strides | st.tuples(strides, strides),
    seed=seeds,
)
def test_pooling_reduces_every_window(n: tuple[int, int], window: PerAxis, stride: PerAxis, seed: int) -> None:
    x = whole(seed, *n)
    (height, width), (down, right) = repeat_axes(window, 2), repeat_axes(stride, 2)
    if height > n[0] or width > n[1]:
        with pytest.raises(SpecError, match="Expected a window of at most"):
            pool(x, window, stride)
        return
    for reduce, function in zip(REDUCTIONS, (np.max, np.mean), strict=True):
        expected = [
            [function(x[r : r + height, c : c + width]) for c in range(0, n[1] - width + 1, right)]
            for r in range(0, n[0] - height + 1, down)
        ]
        assert_allclose(pool(x, window, stride, reduce), expected)
    assert_allclose(pool(x, window, stride, "mean"), lay_windows(x, window, stride).output, atol=1e-12)
    assert_array_equal(pool(compute_twin(x, window, seed), window, window), pool(x, window, window))
    signal = pool(x[0], width, right)
    assert_array_equal(signal, pool(x[:1], (1, width), (1, right))[0])


def test_pooling_of_the_published_signal() -> None:
    x = np.array([3.0, 2, 1, 7, 1, 2, 5, 4])
    assert_array_equal(pool(x, 2, 2), [3, 7, 2, 5])
    assert_array_equal(pool(x, 2, 2, "mean"), [2.5, 4, 1.5, 4.5])
    assert_array_equal(pool(x, 3, 2), [3, 7, 5])


def test_window_larger_than_the_map_names_both_sizes() -> None:
    with pytest.raises(SpecError, match=r"Expected a window of at most 2 × 5 \(the size of the map\); got 3 × 1\."):
        pool(np.zeros((2, 5)), (3, 1), 1)


def test_twin_is_another_input_that_mean_pooling_distinguishes() -> None:
    x = whole(0, 6, 6)
    twin = compute_twin(x, 2, 1)
    assert (x != twin).sum() > 12
    assert (pool(x, 2, 2, "mean") != pool(twin, 2, 2, "mean")).any()


def test_global_pooling_is_pooling_with_the_whole_map_as_window() -> None:
    x = whole(3, 5, 5)
    assert pool_globally(x, "max") == pool(x, 5, 1, "max").item() == x.max()
    assert pool_globally(x, "mean") == pytest.approx(pool(x, 5, 1, "mean").item())
