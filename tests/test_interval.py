"""Confidence intervals compared with SciPy and published examples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from core.analysis.accuracy import compute_accuracies
from core.analysis.crossed import compute_accuracy_interval
from core.interval import compute_mean_interval, compute_wilson
from core.store.comparison import Comparison
from tests.support.predictions import with_predictions, wrong_at
from tests.support.run_writer import RunWriter


@pytest.mark.parametrize(
    ("correct", "images", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_equals_newcombes_published_intervals(correct: int, images: int, low: float, high: float) -> None:
    assert compute_wilson(correct, images) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@settings(deadline=None)
@given(st.integers(1, 100_000), st.floats(0, 1))
def test_wilson_equals_scipy_and_contains_the_share(images: int, share: float) -> None:
    correct = round(share * images)
    low, high = compute_wilson(correct, images)
    expected = stats.binomtest(correct, images).proportion_ci(method="wilson")
    assert (low, high) == (pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12))
    assert 0 <= low <= correct / images <= high <= 1
    assert low < high


def test_interval_without_images_is_zero_to_one() -> None:
    assert compute_wilson(0, 0) == (0.0, 1.0)


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12))
def test_interval_of_a_mean_equals_scipy(values: list[float]) -> None:
    found = compute_mean_interval(values)
    assert found is not None
    if np.std(values) > 1e-9:
        expected = stats.ttest_1samp(values, 0).confidence_interval()
        assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert found.low <= np.mean(values) <= found.high or np.std(values) < 1e-9


def test_one_value_has_no_interval() -> None:
    assert compute_mean_interval([0.9]) is None


def test_accuracies_have_a_mean_and_one_row_per_run(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, "gap", wrong_at(range(wrong)), seed) for seed, wrong in enumerate((100, 120))]
    frame = compute_accuracies(Comparison.of(runs))
    assert frame["seed"].tolist() == [-1, 0, 1]
    assert frame["accuracy"].tolist() == pytest.approx([0.89, 0.9, 0.88])
    correct = np.arange(1000) >= np.array([[100], [120]])
    assert frame.loc[0, ["accuracy", "low", "high"]].tolist() == pytest.approx([*compute_accuracy_interval(correct)])
    wilson = stats.binomtest(900, 1000).proportion_ci(method="wilson")
    assert frame.loc[1, ["low", "high"]].tolist() == pytest.approx([wilson.low, wilson.high])


@settings(deadline=None, max_examples=100)
@given(hnp.arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 40))))
def test_interval_of_an_accuracy_contains_the_mean_and_is_never_a_point(correct: np.ndarray) -> None:
    mean, low, high = compute_accuracy_interval(correct)
    assert mean == pytest.approx(correct.mean())
    assert 0 <= low <= mean <= high <= 1
    assert low < high
    if len(correct) == 1:
        assert (low, high) == pytest.approx(compute_wilson(int(correct.sum()), correct.shape[1]))
