"""Penalties and dropout compared with their definitions."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize, special

from core.errors import SpecError
from core.lab.ensemble import MAX_UNITS, compute_ensemble, make_network
from core.lab.regularization import (
    PENALTIES,
    Penalty,
    apply_dropout,
    compute_mean_training,
    compute_penalty,
    compute_pull,
    find_minimum,
)
from tests.support.numbers import seeds


@pytest.mark.parametrize("penalty", PENALTIES)
def test_pull_is_the_gradient_of_the_penalty(penalty: Penalty) -> None:
    w, step = np.array([3.0, -2, 0.5]), 1e-6
    order = 1 if penalty == "L1" else 2
    assert compute_penalty(w, 0.1, penalty) == pytest.approx(0.1 * np.linalg.norm(w, order) ** order)
    slopes = [
        (compute_penalty(w + step * e, 0.1, penalty) - compute_penalty(w - step * e, 0.1, penalty)) / (2 * step)
        for e in np.eye(3)
    ]
    assert_allclose(compute_pull(w, 0.1, penalty), slopes, rtol=1e-6)


@settings(deadline=None)
@given(best=st.floats(-4, 4), strength=st.floats(0, 8), penalty=st.sampled_from(PENALTIES))
def test_minimum_equals_that_of_scipy(best: float, strength: float, penalty: Penalty) -> None:
    def compute_loss(w: float) -> float:
        return (w - best) ** 2 + compute_penalty(np.array([w]), strength, penalty)

    low = find_minimum(best, strength, penalty)
    found = optimize.minimize_scalar(compute_loss, bounds=(-5, 5), options={"xatol": 1e-9})
    assert compute_loss(low) <= found.fun + 1e-9
    assert low == pytest.approx(found.x, abs=1e-3)
    assert (low == 0) == (best == 0 or (penalty == "L1" and abs(best) <= strength / 2)) or abs(low) < 1e-12


@settings(deadline=None)
@given(
    units=st.integers(1, 6), classes=st.integers(2, 4), rate=st.floats(0, 0.95), seed=seeds, second_layer=st.booleans()
)
def test_ensemble_has_a_model_per_set_of_kept_units(
    units: int, classes: int, rate: float, seed: int, second_layer: bool
) -> None:
    network = make_network(units, classes, seed, second_layer=second_layer)
    found = compute_ensemble(network, rate)
    assert found.probs.shape == (2**units, classes)
    assert found.shares.sum() == pytest.approx(1)
    for probs in (*found.probs, found.geometric, found.arithmetic, found.scaled):
        assert probs.sum() == pytest.approx(1)
    for model, kept in enumerate(product((0, 1), repeat=units)):
        hidden = np.array(kept[::-1]) * network.activations
        for weights in network.weights[:-1]:
            hidden = np.maximum(hidden @ weights, 0)
        assert_allclose(found.probs[model], special.softmax(hidden @ network.weights[-1]), atol=1e-12)
    with np.errstate(divide="ignore"):
        powers = np.exp(np.sum(found.shares[:, np.newaxis] * np.log(found.probs), axis=0))
    assert_allclose(found.geometric, powers / powers.sum(), atol=1e-9)
    if not second_layer:
        assert_allclose(found.geometric, found.scaled, atol=1e-9)


def test_equal_shares_give_the_published_geometric_mean() -> None:
    network = make_network(4, 3, 0, second_layer=False)
    found = compute_ensemble(network, 0.5)
    assert_allclose(found.shares, 1 / 16)
    published = np.prod(found.probs, axis=0) ** (1 / 16)
    assert_allclose(found.geometric, published / published.sum())


def test_the_scaled_network_approximates_the_ensemble_of_a_deeper_network() -> None:
    gaps = []
    for seed in range(10):
        found = compute_ensemble(make_network(6, 3, seed, second_layer=True), 0.5)
        gaps.append(np.abs(found.geometric - found.scaled).max())
    assert 0.001 < max(gaps) < 0.5


@pytest.mark.parametrize(("units", "rate"), [(0, 0.5), (MAX_UNITS + 1, 0.5), (2, 1.0), (2, -0.1)])
def test_invalid_ensemble_is_rejected(units: int, rate: float) -> None:
    with pytest.raises(SpecError, match="Expected "):
        compute_ensemble(make_network(units, 3, 0, second_layer=False), rate)


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
