"""Regularization against overfitting: L2 penalty and dropout."""

from dataclasses import dataclass

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Values


def compute_l2(weights: Values, strength: float) -> float:
    """Return λ · Σ w², the penalty of keras.regularizers.L2 (some libraries use half of it).

    >>> compute_l2(np.array([3.0, 4.0]), strength=0.1)
    2.5
    """
    return float(strength * np.sum(weights**2))


def compute_pull(weights: Values, strength: float) -> Values:
    """Return 2·λ·w, the gradient of the penalty: it is proportional to the weight and directed towards 0."""
    return 2 * strength * weights


def find_minimum(best: float, strength: float) -> float:
    """Return the w that minimizes (w − best)² + λ·w²: best / (1 + λ)."""
    return best / (1 + strength)


@dataclass(frozen=True)
class DropoutResult:
    """Activations in training and inference for both conventions of dropout.

    Attributes:
        mask: whether a unit is kept in this training step.
        training: inverted dropout as in Keras: kept units are scaled by 1 / (1 − rate).
        inference: inverted dropout: activations are unchanged.
        plain_training: original dropout: kept units are not scaled.
        plain_inference: original dropout: activations are multiplied by 1 − rate.
    """

    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    training: Values
    inference: Values
    plain_training: Values
    plain_inference: Values


def apply_dropout(x: Values, rate: float, seed: int) -> DropoutResult:
    """Drop each value with probability `rate`.

    Raises:
        SpecError: if the rate is not in [0, 1).
    """
    if not 0 <= rate < 1:
        raise SpecError(f"Expected rate of at least 0 and below 1; got {rate:g}.")
    mask = np.random.default_rng(seed).random(x.shape) >= rate
    kept = np.where(mask, x, 0.0)
    return DropoutResult(mask, kept / (1 - rate), x, kept, x * (1 - rate))


def compute_mean_training(x: Values, rate: float, seed: int, draws: int) -> Values:
    """Return the mean of inverted dropout over training steps; it converges to `x`, so inference needs no scaling."""
    masks = np.random.default_rng(seed).random((draws, *x.shape)) >= rate
    return masks.mean(axis=0) * x / (1 - rate)
