"""Intervals of the balanced accuracy compared with a bootstrap, a simulation and the interval of the accuracy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.balanced_accuracy import compute_balanced_estimate, compute_balanced_interval
from core.analysis.crossed import compute_accuracy_interval
from core.interval import compute_wilson

CLASSES = st.lists(st.tuples(st.integers(12, 60), st.floats(0.3, 0.97)), min_size=2, max_size=4)


def draw(
    classes: list[tuple[int, float]], seeds: int, rng: np.random.Generator, lower: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, and predictions that are correct with the probability of the class minus `lower`."""
    labels = np.repeat(np.arange(len(classes)), [count for count, _ in classes])
    shares = np.array([share for _, share in classes])[labels] - lower
    return labels, rng.random((seeds, len(labels))) < shares


@settings(deadline=None, max_examples=25)
@given(CLASSES, st.integers(0, 1000))
def test_variance_over_images_is_that_of_a_stratified_bootstrap(classes: list[tuple[int, float]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, a = draw(classes, 1, rng)
    _, b = draw(classes, 1, rng, 0.2)
    values = [(a[0] * 1.0)[labels == label] for label in range(len(classes))]
    differences = [(a[0] * 1.0 - b[0])[labels == label] for label in range(len(classes))]
    for heads, strata in (((a,), values), ((a, b), differences)):
        means = np.mean([rng.choice(one, (2000, len(one))).mean(axis=1) for one in strata], axis=0)
        found = compute_balanced_estimate(labels, *heads)
        assert found.mean == pytest.approx(np.mean([one.mean() for one in strata]))
        assert found.variance >= 0.85 * means.var()  # 2,000 samples; the bootstrap divides by n instead of n - 1
        exact = np.mean([one.var(ddof=1) / len(one) for one in strata]) / len(strata)
        around = np.mean([np.mean((one - found.mean) ** 2) for one in strata])
        kish = around * np.mean([1 / len(one) for one in strata]) / len(strata)
        assert found.variance == pytest.approx(max(exact, kish))


@settings(deadline=None, max_examples=25)
@given(CLASSES, st.integers(2, 6), st.integers(0, 1000))
def test_variance_over_seeds_is_that_of_a_bootstrap(classes: list[tuple[int, float]], seeds: int, seed: int) -> None:
    """With the same images in every sample, the variance is (seeds - 1) / seeds of the estimated one."""
    rng = np.random.default_rng(seed)
    labels, correct = draw(classes, seeds, rng)
    correct[:, labels == 0] &= rng.random((seeds, 1)) < 0.7  # seeds differ
    scores = [np.mean([row[labels == label].mean() for label in range(len(classes))]) for row in correct]
    means = rng.choice(scores, (4000, seeds)).mean(axis=1)
    found = compute_balanced_estimate(labels, correct)
    assert found.mean == pytest.approx(np.mean(scores))
    over_seeds = means.var() * seeds / (seeds - 1)
    over_images = compute_balanced_estimate(labels, correct[:1]).variance  # of one run, with its interaction
    assert 0.85 * over_seeds - 1e-12 <= found.variance <= 1.15 * over_seeds + 2 * over_images + 1e-12
    mean, low, high = compute_balanced_interval(labels, correct)
    assert 0 <= low <= mean <= high <= 1
    assert low < high


def test_interval_covers_the_true_value_also_with_a_rare_class() -> None:
    rng, covered, trials = np.random.default_rng(0), np.zeros(2), 200
    classes = [(200, 0.95), (12, 0.7)]
    for _ in range(trials):
        labels, a = draw(classes, 3, rng)
        _, b = draw(classes, 3, rng, 0.05)
        low, high = compute_balanced_estimate(labels, a, b).interval()
        _, floor, ceiling = compute_balanced_interval(labels, a)
        covered += low <= 0.05 <= high, floor <= 0.825 <= ceiling
    assert (covered >= 0.92 * trials).all()


def test_special_cases() -> None:
    labels = np.arange(40) % 4
    correct = np.arange(40)[None] % 10 < 9
    assert compute_balanced_interval(labels, correct) == pytest.approx(compute_accuracy_interval(correct), abs=0.01)
    labels, right = np.array([0] * 50 + [1] * 2), np.ones((3, 52), bool)
    mean, low, high = compute_balanced_interval(labels, right)
    assert (mean, high) == (1.0, 1.0)
    assert low == pytest.approx(float(compute_wilson(kish := 4 / (1 / 50 + 1 / 2), kish)[0]))
    assert compute_balanced_estimate(labels, right, right).interval() == (0.0, 0.0)
    one_class = np.repeat(labels[None] == 0, 2, axis=0)  # a head that always predicts the first class
    low, high = compute_balanced_estimate(labels, one_class, right[:2]).interval()
    assert low < -0.6 < -0.5 < -0.3 < high
    single = np.array([0] * 50 + [1])  # the variance of one image is unknown
    assert np.isfinite(compute_balanced_estimate(single, np.arange(51)[None] % 2 == 0).variance)
