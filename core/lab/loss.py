"""Cross-entropy losses of one example from logits and from probabilities, as defined in Keras."""

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Values

EPSILON = 1e-7
"""Keras clips probabilities to [EPSILON, 1 − EPSILON] to avoid infinite logarithms."""


def sigmoid(logit: float) -> float:
    """Return 1 / (1 + e^−z), without overflow for large negative logits."""
    return float(np.exp(-np.logaddexp(0, -logit)))


def softmax(logits: Values) -> Values:
    """Return e^zᵢ / Σ e^zⱼ; the largest logit is subtracted first to avoid overflow."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def binary_from_logit(logit: float, target: float) -> float:
    """Return −y·log σ(z) − (1 − y)·log(1 − σ(z)) in its numerically stable form max(z, 0) − z·y + log(1 + e^−|z|).

    >>> round(binary_from_logit(0.8, target=1), 4)
    0.3711
    """
    return float(np.maximum(logit, 0) - logit * target + np.log1p(np.exp(-abs(logit))))


def binary_from_prob(prob: float, target: float) -> float:
    """Return −y·log p − (1 − y)·log(1 − p)."""
    p = float(np.clip(prob, EPSILON, 1 - EPSILON))
    return float(-target * np.log(p) - (1 - target) * np.log(1 - p))


def categorical_from_logits(logits: Values, target: Values) -> float:
    """Return Σ yᵢ · (log Σ e^zⱼ − zᵢ) for a distribution over the classes, for example a one-hot vector.

    >>> round(categorical_from_logits(np.array([1.5, 0.8, 2.1]), np.array([0, 0, 1])), 4)
    0.5996
    """
    top = logits.max()
    return float(np.sum(target * (top + np.log(np.exp(logits - top).sum()) - logits)))


def categorical_from_probs(probs: Values, target: Values) -> float:
    """Return −Σ yᵢ · log pᵢ."""
    return float(-np.sum(target * np.log(np.clip(probs / probs.sum(), EPSILON, 1 - EPSILON))))


def sparse_from_logits(logits: Values, label: int) -> float:
    """Return log Σ e^zⱼ − z_label, the categorical cross-entropy for an integer label.

    Raises:
        SpecError: if the label is out of range.
    """
    return categorical_from_logits(logits, one_hot(label, len(logits)))


def sparse_from_probs(probs: Values, label: int) -> float:
    """Return −log p_label, the categorical cross-entropy for an integer label.

    Raises:
        SpecError: if the label is out of range.
    """
    return categorical_from_probs(probs, one_hot(label, len(probs)))


def one_hot(label: int, classes: int) -> Values:
    """Return the one-hot vector of a label.

    >>> one_hot(2, classes=3)
    array([0., 0., 1.])

    Raises:
        SpecError: if the label is out of range.
    """
    if not 0 <= label < classes:
        raise SpecError(f"Expected class between 0 and {classes - 1}; got {label}.")
    return np.eye(classes)[label]
