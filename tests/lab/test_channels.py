"""Convolutional layers of several channels and filters, and their parameters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import signal

from core.displays.lab.filter_row import draw_slices
from core.errors import SpecError
from core.lab.channel import compute_cost, convolve_channels, convolve_layer
from core.lab.kernel import FILTERS
from core.lab.memory_order import LAYOUTS, compute_offset, list_values, write_shape
from tests.support.numbers import seeds, whole


@settings(deadline=None)
@given(n=st.integers(3, 8), m=st.integers(1, 3), channels=st.integers(1, 4), seed=seeds)
def test_channels_are_summed(n: int, m: int, channels: int, seed: int) -> None:
    x, w = whole(seed, n, n, channels), whole(seed + 1, m, m, channels)
    found = convolve_channels(x, w, bias=0.5, padding="valid")
    expected = signal.correlate(x, w, "valid")[..., 0]
    assert_allclose(found.output, expected + 0.5)
    assert found.parts.shape == (channels, *expected.shape)


def test_each_channel_needs_a_kernel_slice() -> None:
    with pytest.raises(SpecError, match="Expected a kernel with 3 channels; got 2"):
        convolve_channels(np.zeros((4, 4, 3)), np.zeros((3, 3, 2)))


@settings(deadline=None)
@given(n=st.integers(1, 64), c=st.integers(1, 8), k=st.integers(1, 32), m=st.integers(1, 7))
def test_cost_equals_the_published_formula(n: int, c: int, k: int, m: int) -> None:
    cost = compute_cost(n, c, k, m)
    assert cost.convolution == m * m * c * k + k
    assert cost.fully_connected == (n * n * c) * (n * n * k)
    assert cost.ratio == cost.fully_connected / cost.convolution


@settings(deadline=None)
@given(n=st.integers(3, 7), m=st.integers(1, 3), channels=st.integers(1, 3), filters=st.integers(1, 5), seed=seeds)
def test_every_filter_gives_one_map(n: int, m: int, channels: int, filters: int, seed: int) -> None:
    x, kernels, bias = whole(seed, n, n, channels), whole(seed, m, m, channels, filters), whole(seed, filters)
    maps = convolve_layer(x, kernels, bias, "valid")
    expected = [signal.correlate(x, kernels[..., k], "valid")[..., 0] + bias[k] for k in range(filters)]
    assert_allclose(np.moveaxis(maps, -1, 0), expected)


def test_the_published_layer_has_three_inputs_and_five_maps() -> None:
    kernels = np.stack(list(FILTERS.values())[:5], axis=-1)
    assert kernels.shape == (3, 3, 3, 5)
    assert convolve_layer(whole(0, 6, 8, 3), kernels, np.zeros(5)).shape == (6, 8, 5)
    assert compute_cost(28, 3, 5, 3).convolution == kernels.size + 5 == 140
    with pytest.raises(SpecError, match=r"Expected 5 biases, one per filter; got 3\."):
        convolve_layer(whole(0, 6, 8, 3), kernels, np.zeros(3))
    for name, weights in FILTERS.items():
        assert draw_slices(weights).count("<rect") == 27, name


@settings(deadline=None)
@given(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)), st.data())
def test_memory_order_equals_numpy(shape: tuple[int, int, int], data: st.DataObject) -> None:
    height, width, channels = shape
    cell = tuple(data.draw(st.integers(0, size - 1)) for size in shape)
    x = np.arange(height * width * channels).reshape(shape)
    for layout in LAYOUTS:
        values = x if layout == "channels_last" else np.moveaxis(x, -1, 0)
        order = list_values(*shape, layout)
        assert [x[index] for index in order] == values.ravel().tolist()
        assert values.shape == write_shape(*shape, layout)
        offset = compute_offset(cell, *shape, layout)  # type: ignore[arg-type]
        assert order[offset] == cell
        assert values.ravel()[offset] == x[cell]
