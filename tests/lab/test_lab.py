"""Arithmetic of the convolution lab compared with NumPy, SciPy and direct formulas, over all shapes, paddings and
strides.
"""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import signal, special

from core.displays.lab.convolution_strip import draw_strip
from core.displays.lab.formula import write_output_size, write_step
from core.displays.lab.grid import draw_grid
from core.errors import SpecError
from core.lab import kernel, sample
from core.lab.channel import compute_cost, convolve_channels
from core.lab.convolution import (
    PADDINGS,
    Convolution,
    Values,
    compute_output_size,
    effective_size,
    resolve_padding,
)
from core.lab.loss import (
    EPSILON,
    binary_from_logit,
    binary_from_prob,
    categorical_from_logits,
    categorical_from_probs,
    one_hot,
    sigmoid,
    softmax,
    sparse_from_logits,
    sparse_from_probs,
)
from core.lab.matrix import MAX_SIDE, format_matrix, format_number, parse_matrix, parse_vector
from core.lab.pooling import compute_twin, lay_windows, pool, pool_globally
from core.lab.reference import compute_reference
from core.lab.regularization import apply_dropout, compute_l2, compute_mean_training, compute_pull, find_minimum

paddings = st.sampled_from(PADDINGS) | st.integers(0, 4)
strides = st.integers(1, 4)
seeds = st.integers(0, 2**16)


def whole(seed: int, *shape: int) -> Values:
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(np.float64)


def slide(n: Values, m: Values, padding: str | int, stride: int, dilation: int, flip: bool) -> Convolution | None:
    """Return the convolution, or None if the kernel exceeds the input, which must raise an error."""
    room = [
        size + sum(resolve_padding(padding, size, side, stride, dilation)) - effective_size(side, dilation)  # type: ignore[arg-type]
        for size, side in zip(n.shape, m.shape, strict=True)
    ]
    if min(room) < 0:
        with pytest.raises(SpecError, match="Expected a kernel that covers at most"):
            Convolution.of(n, m, padding, stride, dilation, flip)  # type: ignore[arg-type]
        return None
    return Convolution.of(n, m, padding, stride, dilation, flip)  # type: ignore[arg-type]


# Convolution


def test_published_example_in_one_dimension() -> None:
    found = Convolution.of(sample.EXAMPLE_1D, kernel.EXAMPLE_1D, 2)
    assert_array_equal(found.output, [5, 14, 16, 26, 24, 34, 19, 22])


def test_published_example_in_two_dimensions() -> None:
    found = Convolution.of(sample.EXAMPLE_2D, kernel.EXAMPLE_2D, 1)
    assert_array_equal(found.output, [[11, 25, 32, 13], [19, 25, 24, 13], [13, 28, 25, 17], [11, 17, 14, 9]])


@settings(deadline=None)
@given(n=st.integers(1, 20), m=st.integers(1, 8), padding=paddings, stride=strides, dilation=strides, seed=seeds)
def test_convolution_in_one_dimension_equals_numpy(
    n: int, m: int, padding: str | int, stride: int, dilation: int, seed: int
) -> None:
    x, w = whole(seed, n), whole(seed + 1, m)
    if found := slide(x, w, padding, stride, dilation, flip=True):
        wide = np.zeros(effective_size(m, dilation))
        wide[::dilation] = w
        expected = np.convolve(np.pad(x, found.padding), wide, "valid")[::stride]
        assert_array_equal(found.output, expected)
        assert_array_equal(compute_reference(found, padding).output, expected)  # type: ignore[arg-type]


@settings(deadline=None)
@given(
    n=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    m=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    padding=paddings,
    stride=strides,
    dilation=st.integers(1, 3),
    flip=st.booleans(),
    seed=seeds,
)
def test_convolution_in_two_dimensions_equals_scipy(
    n: tuple[int, int], m: tuple[int, int], padding: str | int, stride: int, dilation: int, flip: bool, seed: int
) -> None:
    x, w = whole(seed, *n), whole(seed + 1, *m)
    if found := slide(x, w, padding, stride, dilation, flip):
        wide = np.zeros([effective_size(side, dilation) for side in m])
        wide[::dilation, ::dilation] = w
        function = signal.convolve2d if flip else signal.correlate2d
        expected = function(np.pad(x, found.padding), wide, "valid")[::stride, ::stride]
        assert_array_equal(found.output, expected)
        assert_array_equal(compute_reference(found, padding).output, expected)  # type: ignore[arg-type]


@settings(deadline=None)
@given(n=st.integers(3, 20), m=st.sampled_from([1, 3]), mode=st.sampled_from(PADDINGS), seed=seeds)
def test_named_padding_is_the_mode_of_the_library(n: int, m: int, mode: str, seed: int) -> None:
    x, w = whole(seed, n, n), whole(seed + 1, m, m)
    found = Convolution.of(x, w, mode)  # type: ignore[arg-type]
    assert_array_equal(found.output, signal.convolve2d(x, w, mode))
    assert compute_reference(found, mode).call == f'scipy.signal.convolve2d(x, w, "{mode}")'  # type: ignore[arg-type]


@settings(deadline=None)
@given(n=st.integers(1, 20), m=st.integers(1, 6), stride=strides, dilation=strides)
def test_same_padding_gives_as_many_outputs_as_keras(n: int, m: int, stride: int, dilation: int) -> None:
    pair = resolve_padding("same", n, m, stride, dilation)
    assert compute_output_size(n, m, pair, stride, dilation) == -(-n // stride)
    assert 0 <= pair[1] - pair[0] <= 1


@settings(deadline=None)
@given(n=st.integers(1, 9), m=st.integers(1, 4), padding=paddings, stride=strides, dilation=strides, flip=st.booleans())
def test_products_of_every_step_add_up_to_its_output(
    n: int, m: int, padding: str | int, stride: int, dilation: int, flip: bool
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


# Output size


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


# Pooling


@settings(deadline=None)
@given(n=st.tuples(st.integers(1, 9), st.integers(1, 9)), window=st.integers(1, 4), stride=strides, seed=seeds)
def test_pooling_reduces_every_window(n: tuple[int, int], window: int, stride: int, seed: int) -> None:
    x = whole(seed, *n)
    if window > min(n):
        with pytest.raises(SpecError, match="Expected a window of at most"):
            pool(x, window, stride)
        return
    for reduce, function in (("max", np.max), ("mean", np.mean)):
        expected = [
            [function(x[r : r + window, c : c + window]) for c in range(0, n[1] - window + 1, stride)]
            for r in range(0, n[0] - window + 1, stride)
        ]
        assert_allclose(pool(x, window, stride, reduce), expected)  # type: ignore[arg-type]
    assert_allclose(pool(x, window, stride, "mean"), lay_windows(x, window, stride).output, atol=1e-12)  # a convolution


@settings(deadline=None)
@given(n=st.integers(2, 12), window=st.integers(1, 4), seed=seeds)
def test_twin_has_the_same_maxima(n: int, window: int, seed: int) -> None:
    x = whole(seed, n, n)
    if window <= n:
        assert_array_equal(pool(compute_twin(x, window, seed), window, window), pool(x, window, window))


def test_twin_is_another_input_that_mean_pooling_distinguishes() -> None:
    x = whole(0, 6, 6)
    twin = compute_twin(x, 2, 1)
    assert (x != twin).sum() > 12
    assert (pool(x, 2, 2, "mean") != pool(twin, 2, 2, "mean")).any()


def test_global_pooling_is_pooling_with_the_whole_map_as_window() -> None:
    x = whole(3, 5, 5)
    assert pool_globally(x, "max") == pool(x, 5, 1, "max").item() == x.max()
    assert pool_globally(x, "mean") == pytest.approx(pool(x, 5, 1, "mean").item())


# Channels


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


# L2 and dropout


def test_l2_is_the_squared_norm_and_its_pull_the_gradient() -> None:
    w, step = np.array([3.0, -2, 0.5]), 1e-6
    assert compute_l2(w, 0.1) == pytest.approx(0.1 * np.linalg.norm(w) ** 2)
    slopes = [(compute_l2(w + step * e, 0.1) - compute_l2(w - step * e, 0.1)) / (2 * step) for e in np.eye(3)]
    assert_allclose(compute_pull(w, 0.1), slopes, rtol=1e-6)


@settings(deadline=None)
@given(best=st.floats(0, 4), strength=st.floats(0, 2))
def test_minimum_is_lower_than_its_neighbours(best: float, strength: float) -> None:
    low = find_minimum(best, strength)
    losses = [(w - best) ** 2 + strength * w**2 for w in (low - 0.01, low, low + 0.01)]
    assert losses[1] < min(losses[0], losses[2])


@settings(deadline=None)
@given(rate=st.floats(0, 0.95), seed=seeds)
def test_dropout_zeroes_dropped_units_and_scales_the_rest(rate: float, seed: int) -> None:
    x = np.linspace(1, 2, 50)
    found = apply_dropout(x, rate, seed)
    assert_allclose(found.training, np.where(found.mask, x / (1 - rate), 0))
    assert_array_equal(found.inference, x)
    assert_allclose(found.plain_training, np.where(found.mask, x, 0))
    assert_allclose(found.plain_inference, x * (1 - rate))
    assert_array_equal(found.mask, apply_dropout(x, rate, seed).mask)


def test_dropout_drops_its_rate_and_keeps_the_mean() -> None:
    x = np.full(10_000, 2.0)
    assert apply_dropout(x, 0.3, 0).mask.mean() == pytest.approx(0.7, abs=0.02)
    assert compute_mean_training(x[:8], 0.3, 0, 4_000) == pytest.approx(x[:8], abs=0.15)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_dropout_rate_outside_its_bounds_is_rejected(rate: float) -> None:
    with pytest.raises(SpecError, match="Expected rate of at least 0 and below 1; got"):
        apply_dropout(np.ones(3), rate, 0)


# Losses


def test_published_losses() -> None:
    logits = np.array([1.5, 0.8, 2.1])
    assert round(binary_from_logit(0.8, 1), 4) == round(binary_from_prob(sigmoid(0.8), 1), 4) == 0.3711
    assert round(categorical_from_logits(logits, one_hot(2, 3)), 4) == 0.5996
    assert round(categorical_from_probs(softmax(logits), one_hot(2, 3)), 4) == 0.5996
    assert round(sparse_from_logits(logits, 2), 4) == round(sparse_from_probs(softmax(logits), 2), 4) == 0.5996


@settings(deadline=None)
@given(logit=st.floats(-700, 700), target=st.sampled_from([0, 1]))
def test_binary_loss_equals_scipy_at_any_logit(logit: float, target: int) -> None:
    assert sigmoid(logit) == pytest.approx(special.expit(logit), rel=1e-9)
    assert binary_from_logit(logit, target) == pytest.approx(-special.log_expit(logit if target else -logit), rel=1e-9)
    prob = np.clip(special.expit(logit), EPSILON, 1 - EPSILON)
    assert binary_from_prob(sigmoid(logit), target) == pytest.approx(-np.log(prob if target else 1 - prob), rel=1e-6)


@settings(deadline=None)
@given(logits=st.lists(st.floats(-300, 300), min_size=2, max_size=6), data=st.data())
def test_categorical_losses_equal_scipy_at_any_logits(logits: list[float], data: st.DataObject) -> None:
    z, label = np.array(logits), data.draw(st.integers(0, len(logits) - 1))
    expected = -special.log_softmax(z)[label]
    assert_allclose(softmax(z), special.softmax(z), rtol=1e-9)
    assert sparse_from_logits(z, label) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert categorical_from_logits(z, one_hot(label, len(z))) == sparse_from_logits(z, label)
    clipped = min(max(expected, -np.log(1 - EPSILON)), -np.log(EPSILON))
    assert sparse_from_probs(softmax(z), label) == pytest.approx(clipped, rel=1e-6, abs=1e-9)


def test_unknown_class_is_rejected() -> None:
    with pytest.raises(SpecError, match=r"Expected class between 0 and 2; got 3\."):
        sparse_from_logits(np.zeros(3), 3)


# Text input


@settings(deadline=None)
@given(
    st.integers(1, 6).flatmap(
        lambda n: st.lists(st.lists(st.integers(-99, 99), min_size=n, max_size=n), min_size=1, max_size=6)
    )
)
def test_matrix_is_parsed_as_printed_by_python_numpy_and_the_lab(rows: list[list[int]]) -> None:
    expected = np.array(rows, dtype=np.float64)
    for text in (
        str(rows),
        str(np.array(rows)),
        format_matrix(expected),
        ";".join(" ".join(map(str, r)) for r in rows),
    ):
        assert_array_equal(parse_matrix(text), expected)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_matrix_or_an_error_message(text: str) -> None:
    try:
        found, message = parse_matrix(text, "kernel"), ""
    except SpecError as error:
        found, message = np.zeros((1, 1)), str(error)
    assert not message or re.fullmatch("Expected .*; got .*", message)
    assert np.isfinite(found).all()
    assert 1 <= min(found.shape) <= max(found.shape) <= MAX_SIDE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("abc", "Expected kernel as rows of numbers separated by spaces, one row per line; got 'abc'."),
        (" \n ", "Expected kernel as rows of numbers separated by spaces, one row per line; got an empty text."),
        ("1 2\n3", "Expected rows of equal length in kernel; got rows of 1 and 2 numbers."),
        ("1 " * 65, "Expected kernel of at most 64 × 64 numbers; got 1 × 65."),
        ("1 nan", "Expected the numbers of kernel between −1,000,000 and 1,000,000; got nan."),
        ("1e7", "Expected the numbers of kernel between −1,000,000 and 1,000,000; got 1e7."),
        ("1_0", "Expected kernel as rows of numbers separated by spaces, one row per line; got '1_0'."),
    ],
)
def test_invalid_text_is_quoted_in_the_error(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as error:
        parse_matrix(text, "kernel")
    assert str(error.value) == sentence


def test_vector_of_rows_and_columns_is_rejected() -> None:
    assert_array_equal(parse_vector("1\n2\n3"), [1, 2, 3])
    with pytest.raises(SpecError, match=r"Expected signal in one row; got 2 rows of 2 numbers\."):
        parse_vector("1 2; 3 4", "signal")


@pytest.mark.parametrize(
    ("value", "text"), [(24.0, "24"), (-1 / 3, "−0.3333"), (1e-16, "0"), (1234567.0, "1,234,567"), (1.5e-7, "1.5e−7")]
)
def test_numbers_are_formatted_short(value: float, text: str) -> None:
    assert format_number(value) == text


# Drawings and descriptions


def test_step_is_written_as_its_products() -> None:
    found = Convolution.of(sample.EXAMPLE_1D, kernel.EXAMPLE_1D, 2)
    assert write_step(found, 5) == "y[5] = 4·2 + 5·1 + 6·3 + 1·0 + 3·1 = **34**"
    assert "(−1)" in write_step(Convolution.of(sample.EXAMPLE_1D, np.array([1.0, -1]), 0), 0)


def test_strip_shows_the_output_up_to_its_step() -> None:
    found = Convolution.of(sample.EXAMPLE_1D, kernel.EXAMPLE_1D, 2)
    drawings = [draw_strip(found, step) for step in range(found.steps)]
    assert all(one != other for one, other in pairwise(drawings))
    assert "Output: 5 14 16 26 24 34." in drawings[5]
    assert ">19<" not in drawings[5]
    assert ">19<" in drawings[6]


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 64), (128, 85), (1, 136)])
def test_grid_of_any_shape_is_drawn_with_a_description(shape: tuple[int, int]) -> None:
    svg = draw_grid(whole(0, *shape), "<Image>", window=[(0, 0)], filled=1)
    assert svg.startswith("<svg")
    assert f'aria-label="&lt;Image&gt;, {shape[0]} × {shape[1]}' in svg
    assert len(svg) < 60_000
    assert ("<image" in svg) == (max(shape) > 18)


def test_samples_match_their_names() -> None:
    assert [sample.load_digit(number).shape for number in (0, 1796)] == [(8, 8), (8, 8)]
    with pytest.raises(SpecError, match=r"Expected scan between 0 and 1796; got 1797\."):
        sample.load_digit(1797)
    for name, x in {**sample.SIGNALS, **sample.PATTERNS}.items():
        assert np.ptp(x) > 0, name
        assert x.dtype == np.float64, name
