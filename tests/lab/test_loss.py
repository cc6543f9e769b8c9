"""Losses compared with SciPy at any logits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import special

from core.errors import SpecError
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


@settings(deadline=None)
@given(first=st.floats(-20, 20), second=st.floats(-20, 20), shift=st.floats(-20, 20), target=st.sampled_from([0, 1]))
def test_two_softmax_outputs_equal_one_sigmoid_output(first: float, second: float, shift: float, target: int) -> None:
    logits = np.array([first, second])
    assert softmax(logits)[1] == pytest.approx(sigmoid(second - first), rel=1e-9)
    for z in (logits, logits + shift):
        assert sparse_from_logits(z, target) == pytest.approx(binary_from_logit(second - first, target), abs=1e-9)
