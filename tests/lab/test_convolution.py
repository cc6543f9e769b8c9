"""Convolution and cross-correlation compared with NumPy and SciPy, over all shapes, paddings and strides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import signal

from core.displays.lab.connectivity import count_weights, draw_connections, draw_weight_matrix
from core.displays.lab.formula import write_output_size, write_step
from core.displays.lab.input_use import draw_uses
from core.errors import SpecError
from core.lab import kernel, sample
from core.lab.connectivity import KINDS, build_matrix, number_weights
from core.lab.convolution import (
    PADDINGS,
    Convolution,
    Padding,
    PerAxis,
    Values,
    compute_output_size,
    effective_size,
    repeat_axes,
    resolve_padding,
)
from core.lab.input_use import count_uses, count_uses_map
from core.lab.reference import compute_reference
from tests.support.numbers import seeds, strides, whole

paddings = st.sampled_from(PADDINGS) | st.integers(0, 4)


def slide(
    x: Values, w: Values, padding: Padding | PerAxis, stride: PerAxis, dilation: PerAxis, flip: bool
) -> Convolution | None:
    """Return the convolution, or None if the kernel exceeds the input, which must raise an error."""
    modes = (padding,) * x.ndim if isinstance(padding, str) else repeat_axes(padding, x.ndim)
    axes = zip(modes, x.shape, w.shape, repeat_axes(stride, x.ndim), repeat_axes(dilation, x.ndim), strict=True)
    gaps = [n + sum(resolve_padding(mode, n, m, s, d)) - effective_size(m, d) for mode, n, m, s, d in axes]
    if min(gaps) < 0:
        with pytest.raises(SpecError, match="Expected a kernel that covers at most"):
            Convolution.of(x, w, padding, stride, dilation, flip)
        return None
    return Convolution.of(x, w, padding, stride, dilation, flip)


def test_published_example_in_one_dimension() -> None:
    found = Convolution.of(sample.EXAMPLE_1D, kernel.EXAMPLE_1D, 2)
    assert_array_equal(found.output, [5, 14, 16, 26, 24, 34, 19, 22])


def test_published_example_in_two_dimensions() -> None:
    found = Convolution.of(sample.EXAMPLE_2D, kernel.EXAMPLE_2D, 1)
    assert_array_equal(found.output, [[11, 25, 32, 13], [19, 25, 24, 13], [13, 28, 25, 17], [11, 17, 14, 9]])


@settings(deadline=None)
@given(n=st.integers(1, 20), m=st.integers(1, 8), padding=paddings, stride=strides, dilation=strides, seed=seeds)
def test_convolution_in_one_dimension_equals_numpy(
    n: int, m: int, padding: Padding | int, stride: int, dilation: int, seed: int
) -> None:
    x, w = whole(seed, n), whole(seed + 1, m)
    if found := slide(x, w, padding, stride, dilation, flip=True):
        wide = np.zeros(effective_size(m, dilation))
        wide[::dilation] = w
        expected = np.convolve(np.pad(x, found.padding), wide, "valid")[::stride]
        assert_array_equal(found.output, expected)
        assert_array_equal(compute_reference(found, padding).output, expected)


@settings(deadline=None)
@given(
    n=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    m=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    padding=paddings | st.tuples(st.integers(0, 4), st.integers(0, 4)),
    stride=strides | st.tuples(strides, strides),
    dilation=st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3)),
    flip=st.booleans(),
    seed=seeds,
)
def test_convolution_in_two_dimensions_equals_scipy(
    n: tuple[int, int],
    m: tuple[int, int],
    padding: Padding | PerAxis,
    stride: PerAxis,
    dilation: PerAxis,
    flip: bool,
    seed: int,
) -> None:
    x, w = whole(seed, *n), whole(seed + 1, *m)
    if found := slide(x, w, padding, stride, dilation, flip):
        rows, columns = repeat_axes(stride, 2)
        d = repeat_axes(dilation, 2)
        wide = np.zeros([*map(effective_size, m, d)])
        wide[:: d[0], :: d[1]] = w
        function = signal.convolve2d if flip else signal.correlate2d
        expected = function(np.pad(x, found.padding), wide, "valid")[::rows, ::columns]
        assert_array_equal(found.output, expected)
        assert_array_equal(compute_reference(found, padding).output, expected)
        counts = np.zeros(np.array(n) + np.sum(found.padding, axis=1), dtype=int)
        for step in range(found.steps):
            for index in found.window(step):
                counts[index] += 1
        inside = tuple(slice(before, before + size) for (before, _), size in zip(found.padding, n, strict=True))
        assert_array_equal(count_uses_map(found), counts[inside])
        columns_of_x = build_matrix(found)
        assert_array_equal((columns_of_x @ x.ravel()).reshape(found.shape), found.output)


def test_published_strided_example() -> None:
    found = Convolution.of(sample.EXAMPLE_STRIDED, kernel.EXAMPLE_STRIDED, 0, stride=2)
    assert_array_equal(found.output, [7, 9, 8])
    assert write_step(found, 0).endswith("= **7**")


def test_published_uses_of_each_input() -> None:
    assert count_uses(5, 3, (0, 0)).tolist() == [1, 2, 3, 2, 1]
    assert count_uses(5, 3, (2, 2)).tolist() == [3, 3, 3, 3, 3]


def test_uses_with_uneven_padding() -> None:
    assert count_uses(4, 2, (0, 1)).tolist() == [1, 2, 2, 2]
    assert count_uses(4, 2, (1, 0)).tolist() == [2, 2, 2, 1]


@settings(deadline=None)
@given(n=st.integers(1, 16), m=st.integers(1, 9), padding=paddings, stride=strides, dilation=strides)
def test_uses_are_the_transposed_convolution_of_ones(
    n: int, m: int, padding: Padding | int, stride: int, dilation: int
) -> None:
    if found := slide(np.zeros(n), np.ones(m), padding, stride, dilation, flip=False):
        counts = count_uses(n, m, found.padding[0], stride, dilation)
        assert_array_equal(counts, build_matrix(found).sum(axis=0))
        assert counts.sum() <= found.steps * m
        if padding == "full" and stride == 1:
            assert_array_equal(counts, np.full(n, m))
        drawn = draw_uses(counts, found.padding[0])
        assert drawn.count("<rect") == n + sum(found.padding[0]) + counts.sum()


@settings(deadline=None)
@given(n=st.integers(2, 8), m=st.integers(1, 4), stride=strides, same=st.booleans())
def test_weights_are_shared_only_by_a_convolution(n: int, m: int, stride: int, same: bool) -> None:
    if found := slide(np.zeros(n), np.ones(m), "same" if same else "valid", stride, 1, flip=False):
        numbers = {kind: number_weights(found, kind) for kind in KINDS}
        connections = {kind: np.count_nonzero(table) for kind, table in numbers.items()}
        assert connections["fully connected"] == found.steps * n == count_weights(numbers["fully connected"])
        assert connections["locally connected"] == count_weights(numbers["locally connected"])
        assert connections["convolution"] == connections["locally connected"] == build_matrix(found).sum()
        assert count_weights(numbers["convolution"]) <= m
        for kind, table in numbers.items():
            drawn = draw_connections(table, 0, kind)
            assert drawn.count("<line") == connections[kind]
            assert draw_weight_matrix(table, 0, kind).count("<rect") == table.size + connections[kind] + 1


def test_one_number_per_axis_is_required() -> None:
    with pytest.raises(SpecError, match=r"Expected 2 numbers, one per axis; got 3\."):
        Convolution.of(sample.EXAMPLE_2D, kernel.EXAMPLE_2D, 0, (1, 2, 3))


def test_formula_names_the_axis() -> None:
    assert write_output_size(5, 3, (0, 0), 2, 1, "rows").startswith(r"\begin{aligned} o_{\text{rows}} &= ")


@settings(deadline=None)
@given(n=st.integers(3, 20), m=st.sampled_from([1, 3]), mode=st.sampled_from(PADDINGS), seed=seeds)
def test_named_padding_is_the_mode_of_the_library(n: int, m: int, mode: Padding, seed: int) -> None:
    x, w = whole(seed, n, n), whole(seed + 1, m, m)
    found = Convolution.of(x, w, mode)
    assert_array_equal(found.output, signal.convolve2d(x, w, mode))
    assert compute_reference(found, mode).call == f'scipy.signal.convolve2d(x, w, "{mode}")'


@settings(deadline=None)
@given(n=st.integers(1, 20), m=st.integers(1, 6), stride=strides, dilation=strides)
def test_same_padding_gives_as_many_outputs_as_keras(n: int, m: int, stride: int, dilation: int) -> None:
    pair = resolve_padding("same", n, m, stride, dilation)
    assert compute_output_size(n, m, pair, stride, dilation) == -(-n // stride)
    assert 0 <= pair[1] - pair[0] <= 1


@settings(deadline=None)
@given(n=st.integers(1, 9), m=st.integers(1, 4), padding=paddings, stride=strides, dilation=strides, flip=st.booleans())
def test_products_of_every_step_add_up_to_its_output(
    n: int, m: int, padding: Padding | int, stride: int, dilation: int, flip: bool
) -> None:
    if found := slide(whole(n, n, n + 1), whole(m, m, m), padding, stride, dilation, flip):
        sums = [sum(x * w for x, w in found.products(step)) for step in range(found.steps)]
        assert_array_equal(np.reshape(sums, found.shape), found.output)
        assert [found.position(step) for step in range(found.steps)] == list(np.ndindex(found.shape))


def test_kernel_of_another_rank_is_rejected() -> None:
    with pytest.raises(SpecError, match=r"Expected a kernel with 1 axes; got 2\."):
        Convolution.of(sample.EXAMPLE_1D, kernel.EXAMPLE_2D, 0)


@pytest.mark.parametrize("name", kernel.KERNELS_2D)
def test_named_kernel_matches_its_name(name: str) -> None:
    weights, flat = kernel.KERNELS_2D[name], np.full((9, 9), 7.0)
    sees_change = name.startswith(("Sobel", "Laplacian"))
    assert weights.sum() == pytest.approx(0 if sees_change else 1)
    assert_allclose(Convolution.of(flat, weights, "valid").output, 0 if sees_change else 7)


def test_sobel_responds_to_its_edge_direction() -> None:
    edge = sample.PATTERNS["vertical edge"]
    across, along = (
        Convolution.of(edge, kernel.KERNELS_2D[name], "valid", flip=False).output
        for name in ("Sobel, left to right", "Sobel, top to bottom")
    )
    assert across.max() == 36
    assert not along.any()


@pytest.mark.parametrize(("n", "m", "p", "s", "o"), [(10, 5, 2, 1, 10), (10, 3, 2, 2, 6)])
def test_published_output_sizes(n: int, m: int, p: int, s: int, o: int) -> None:
    assert compute_output_size(n, m, (p, p), s) == o
    assert write_output_size(n, m, (p, p), s, 1).endswith(
        rf"\frac{{{n} + 2 \cdot {p} - {m}}}{{{s}}} \right\rfloor + 1 = {o} \end{{aligned}}"
    )


def test_formula_shows_the_effective_kernel_of_a_dilation() -> None:
    text = write_output_size(10, 3, (0, 0), 1, 2)
    assert r"2\,(3 - 1) + 1 = 5" in text
    assert r"10 + 2 \cdot 0 - 5" in text
    assert text.endswith(r"= 6 \end{aligned}")


def test_formula_shows_both_sides_of_an_uneven_padding() -> None:
    assert r"\frac{8 + 1 + 2 - 4}{1}" in write_output_size(8, 4, resolve_padding("same", 8, 4), 1, 1)
