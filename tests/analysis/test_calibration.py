"""Calibration compared with scikit-learn and with worked examples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from core.analysis.calibration import (
    BINS,
    COLDEST,
    HOTTEST,
    compute_bins,
    compute_calibration,
    compute_confidence,
    compute_ece,
    compute_expected_ece,
    compute_reliability,
    fit_temperature,
    scale_probs,
)
from core.store.comparison import Comparison
from core.store.run import Predictions
from tests.support.run_writer import RunWriter, draw_probs


def test_bins_equal_scikit_learns_calibration_curve() -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 10, 3_000)
    probs = draw_probs(labels, 10, 0.8, rng)
    bins = compute_bins(probs, labels)
    right, sure = probs.argmax(axis=1) == labels, probs.max(axis=1).astype(np.float64)
    accuracy, confidence = calibration_curve(right, sure, n_bins=BINS, strategy="uniform")
    full = bins[bins["predictions"] > 0]
    assert full["accuracy"].tolist() == pytest.approx(accuracy.tolist())
    assert full["confidence"].tolist() == pytest.approx(confidence.tolist())
    assert bins["predictions"].sum() == 3_000
    gaps = [abs(accuracy[i] - confidence[i]) * n for i, n in enumerate(full["predictions"])]
    assert compute_ece(bins) == pytest.approx(sum(gaps) / 3_000)


def test_calibration_error_equals_the_worked_example() -> None:
    """Ten predictions at 0.8, nine correct: |0.9 − 0.8|; two at 1, both correct: 0; (10·0.1 + 0) / 12."""
    probs = np.array([[0.8, 0.2]] * 10 + [[1.0, 0.0]] * 2, np.float32)
    labels = np.array([0] * 9 + [1] + [0] * 2)
    bins = compute_bins(probs, labels)
    assert compute_ece(bins) == pytest.approx(1 / 12, abs=1e-6)
    assert bins["predictions"].iloc[-1] == 2  # a probability of exactly 1 has a bin


def test_no_images_have_no_calibration_error() -> None:
    nothing = np.full((3, 10), np.nan, np.float32), np.zeros(3, np.int64)
    assert np.isnan(compute_ece(compute_bins(*nothing)))
    found = compute_calibration(Predictions(*nothing, *nothing))
    assert (found.left_out, np.isnan(found.temperature), np.isnan(found.loss_after)) == (3, True, True)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.2, 5.0), st.integers(0, 2**32 - 1))
def test_known_temperature_is_recovered(temperature: float, seed: int) -> None:
    """Labels drawn from softmax(z) with probabilities softmax(T·z) are calibrated by the temperature T."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (4_000, 5))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (true.cumsum(axis=1) < rng.random((4_000, 1))).sum(axis=1).clip(0, 4)
    sharp = np.exp(temperature * (logits - logits.max(axis=1, keepdims=True)))
    probs = (sharp / sharp.sum(axis=1, keepdims=True)).astype(np.float32)
    assert fit_temperature(probs, labels) == pytest.approx(temperature, rel=0.15)


def test_temperature_minimizes_the_loss() -> None:
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 10, 2_000)
    probs = draw_probs(labels, 10, 0.7, rng)
    best = fit_temperature(probs, labels)

    def loss(temperature: float) -> float:
        return float(-np.log(scale_probs(probs, temperature)[np.arange(2_000), labels]).mean())

    assert loss(best) <= min(loss(0.97 * best), loss(1.03 * best), loss(1.0))


@settings(deadline=None)
@given(st.floats(COLDEST, HOTTEST), st.integers(0, 2**32 - 1))
def test_temperature_keeps_predictions_and_probabilities_valid(temperature: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probs = draw_probs(rng.integers(0, 6, 50), 6, 0.6, rng)
    probs[0] = [1, 0, 0, 0, 0, 0]  # a certain prediction, and five impossible classes
    scaled = scale_probs(probs, temperature)
    assert scaled.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    clear = np.sort(probs, axis=1)[:, -1] - np.sort(probs, axis=1)[:, -2] > 1e-3
    assert (scaled.argmax(axis=1) == probs.argmax(axis=1))[clear].all()
    assert np.isfinite(scaled).all()


@pytest.mark.parametrize(("predicted", "bound"), [(0, COLDEST), (1, HOTTEST)])
def test_temperature_without_an_optimum_is_a_bound(predicted: int, bound: float) -> None:
    """If all are correct, the lowest temperature is best; if all are wrong with certainty, the highest."""
    probs = np.zeros((20, 2), np.float32)
    probs[:, predicted] = 1.0
    assert fit_temperature(probs, np.zeros(20, np.int64)) == bound


def test_confidence_and_reliability_count_every_prediction_of_every_seed(make_run: RunWriter) -> None:
    comparison = Comparison.of(make_run(head=head, seed=seed) for head in ("gap", "dense") for seed in range(2))
    confidence, reliability = compute_confidence(comparison), compute_reliability(comparison)
    assert confidence.groupby("head")["predictions"].sum().tolist() == [720, 720]
    assert confidence.groupby(["head", "correct"])["share"].sum().tolist() == pytest.approx([1] * 4)
    assert reliability.groupby(["head", "scaled"])["predictions"].sum().tolist() == [720] * 4
    assert set(reliability["head"]) == set(comparison.labels)


def test_expected_error_equals_that_of_simulated_calibrated_predictions() -> None:
    rng = np.random.default_rng(0)
    probs = draw_probs(rng.integers(0, 10, 360), 10, 0.9, rng)
    bins = compute_bins(probs, np.zeros(360, np.int64))
    found = []
    for _ in range(300):
        labels = (probs.cumsum(axis=1) > rng.random(360)[:, None]).argmax(axis=1)
        found.append(compute_ece(compute_bins(probs, labels)))
    assert compute_expected_ece(bins) == pytest.approx(np.mean(found), rel=0.1)
    assert np.isnan(compute_expected_ece(compute_bins(np.full((3, 10), np.nan, np.float32), np.zeros(3, np.int64))))
