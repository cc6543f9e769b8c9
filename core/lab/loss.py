"""Cross-entropies for one example, from logits and from probabilities, as Keras defines them."""

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Values

EPSILON = 1e-7
"""From probabilities, Keras keeps them this far from 0 and 1, so that no logarithm is infinite."""


def sigmoid(logit: float) -> float:
    """1 / (1 + e^−z), without overflow for large negative logits."""
    return float(np.exp(-np.logaddexp(0, -logit)))


def softmax(logits: Values) -> Values:
    """e^zᵢ / Σ e^zⱼ, the largest logit taken off first, so that nothing overflows."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def binary_from_logit(logit: float, target: float) -> float:
    """max(z, 0) − z·y + log(1 + e^−|z|), which is −y·log σ(z) − (1 − y)·log(1 − σ(z)) without its rounding.

    >>> round(binary_from_logit(0.8, target=1), 4)
    0.3711
    """
    return float(np.maximum(logit, 0) - logit * target + np.log1p(np.exp(-abs(logit))))


def binary_from_prob(prob: float, target: float) -> float:
    """−y·log p − (1 − y)·log(1 − p)."""
    p = float(np.clip(prob, EPSILON, 1 - EPSILON))
    return float(-target * np.log(p) - (1 - target) * np.log(1 - p))


def categorical_from_logits(logits: Values, target: Values) -> float:
    """Σ yᵢ · (log Σ e^zⱼ − zᵢ) for a one-hot (or any other) distribution over classes.

    >>> round(categorical_from_logits(np.array([1.5, 0.8, 2.1]), np.array([0, 0, 1])), 4)
    0.5996
    """
    top = logits.max()
    return float(np.sum(target * (top + np.log(np.exp(logits - top).sum()) - logits)))


def categorical_from_probs(probs: Values, target: Values) -> float:
    """−Σ yᵢ · log pᵢ."""
    return float(-np.sum(target * np.log(np.clip(probs / probs.sum(), EPSILON, 1 - EPSILON))))


def sparse_from_logits(logits: Values, label: int) -> float:
    """The same with the class as an integer: log Σ e^zⱼ − z of the class.

    Raises:
        SpecError: when there is no such class.
    """
    return categorical_from_logits(logits, one_hot(label, len(logits)))


def sparse_from_probs(probs: Values, label: int) -> float:
    """−log p of the class.

    Raises:
        SpecError: when there is no such class.
    """
    return categorical_from_probs(probs, one_hot(label, len(probs)))


def one_hot(label: int, classes: int) -> Values:
    """
    >>> one_hot(2, classes=3)
    array([0., 0., 1.])

    Raises:
        SpecError: when there is no such class.
    """
    if not 0 <= label < classes:
        raise SpecError(f"Expected class between 0 and {classes - 1}; got {label}.")
    return np.eye(classes)[label]
