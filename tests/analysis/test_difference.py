"""Paired accuracy difference of two heads compared with SciPy, and edge cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from core.analysis.difference import Difference, compute_differences, compute_need, resample_difference
from core.analysis.significance import compute_significance
from core.store.comparison import Comparison
from tests.support.predictions import with_predictions, wrong_at
from tests.support.run_writer import RunWriter


def quantiles(values: np.ndarray) -> list[float]:
    return np.quantile(values, [0.025, 0.975]).tolist()


def test_resampling_images_equals_scipys_paired_bootstrap() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((1, 400)) < 0.9, rng.random((1, 400)) < 0.8
    _, found = resample_difference(a, b, resamples=20_000)
    expected = stats.bootstrap(
        (a[0].astype(float), b[0].astype(float)),
        lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
        paired=True, n_resamples=20_000, method="percentile", rng=2,
    )  # fmt: skip
    assert found.std() == pytest.approx(expected.standard_error, rel=0.03)
    assert quantiles(found) == pytest.approx([*expected.confidence_interval], abs=0.003)


def test_interval_for_infinitely_many_images_is_the_t_interval() -> None:
    shares_a, shares_b = (0.90, 0.91, 0.93), (0.85, 0.88, 0.86)
    images = 100_000
    a, b = (np.arange(images) < np.array(shares)[:, None] * images for shares in (shares_a, shares_b))
    _, found = resample_difference(a, b)
    expected = stats.ttest_rel(shares_a, shares_b).confidence_interval()
    assert quantiles(found) == pytest.approx([expected.low, expected.high], abs=0.004)


def test_sampling_patterns_equals_sampling_images() -> None:
    """Compare with a loop that samples one index per image."""
    rng = np.random.default_rng(3)
    a, b = rng.random((3, 200)) < 0.8, rng.random((3, 200)) < 0.7
    over_images, _ = resample_difference(a, b, resamples=8_000)
    naive = []
    for _ in range(8_000):
        drawn = rng.integers(0, 200, 200)
        naive.append((a[:, drawn].mean(axis=1) - b[:, drawn].mean(axis=1)).mean())
    assert over_images.mean() == pytest.approx(np.mean(naive), abs=0.002)
    assert over_images.std() == pytest.approx(np.std(naive), rel=0.04)


@settings(deadline=None, max_examples=25)
@given(hnp.arrays(bool, st.tuples(st.just(2), st.integers(1, 3), st.integers(1, 40))))
def test_swapped_heads_have_the_opposite_difference(right: np.ndarray) -> None:
    forth, back = (resample_difference(right[i], right[1 - i])[0] for i in (0, 1))
    assert forth.mean() == pytest.approx(-back.mean(), abs=0.05)
    assert -1 <= forth.min() <= forth.max() <= 1


def test_heads_that_agree_on_every_image_have_zero_difference(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, head, wrong_at(range(10)), seed) for head in ("gap", "dense") for seed in (0, 1)]
    (found,) = compute_differences(Comparison.of(runs))
    assert (found.mean, found.low, found.high, found.seed_std) == (0, 0, 0, 0)
    assert found.verdict == "no significant difference"
    assert compute_need(found) == compute_need(found).__class__()


def test_heads_that_disagree_on_every_image_have_the_maximum_difference(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, "gap", wrong_at([]), seed) for seed in (0, 1)]
    runs += [with_predictions(make_run, "dense", wrong_at(range(1_000)), seed) for seed in (0, 1)]
    (found,) = compute_differences(Comparison.of(runs))
    assert (found.mean, found.low, found.high) == (1, 1, 1)
    assert found.verdict == "better"


def test_one_test_image_has_an_interval(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, head, wrong_at(wrong, 1)) for head, wrong in (("gap", []), ("dense", [0]))]
    comparison = Comparison.of(runs)
    (found,) = compute_differences(comparison)
    assert (found.mean, found.images, found.verdict) == (1, 1, "one seed")
    assert compute_significance(comparison)["p"].tolist() == [1.0]


def test_one_seed_is_never_conclusive(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, "gap", wrong_at([])), with_predictions(make_run, "dense", wrong_at(range(500)))]
    (found,) = compute_differences(Comparison.of(runs))
    assert found.low > 0
    assert found.verdict == "one seed"


def make_difference(mean: float, spread: float | None, error: float, images: int = 1_000) -> Difference:
    return Difference("a", "b", mean, -1, 1, 3, images, spread, error)


@pytest.mark.parametrize("spread", [0.005, 0.02, 0.05])
def test_seeds_needed_for_a_conclusion_are_minimal(spread: float) -> None:
    need = compute_need(make_difference(0.02, spread, 0.0)).seeds
    assert need is not None
    halves = {n: stats.t.ppf(0.975, n - 1) * spread / n**0.5 for n in (need, max(2, need - 1))}
    assert halves[need] < 0.02
    assert need == 2 or halves[need - 1] >= 0.02


def test_too_few_images_need_infinitely_many_seeds() -> None:
    need = compute_need(make_difference(0.01, 0.001, 0.01))
    assert need.seeds is None
    assert need.images == pytest.approx(1_000 * 1.959964**2, abs=1)
    assert compute_need(make_difference(0.0, 0.01, 0.01)) == compute_need(make_difference(0.01, None, 0.01))
