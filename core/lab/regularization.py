"""Regularization against overfitting: L1 and L2 penalties, and dropout."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Values

Penalty = Literal["L1", "L2"]
PENALTIES: tuple[Penalty, ...] = ("L1", "L2")


def compute_penalty(weights: Values, strength: float, penalty: Penalty) -> float:
    """Return λ · Σ |w| or λ · Σ w², the penalties of keras.regularizers (some libraries use half of the second).

    >>> compute_penalty(np.array([3.0, -4.0]), 0.1, "L2"), round(compute_penalty(np.array([3.0, -4.0]), 0.1, "L1"), 6)
    (2.5, 0.7)
    """
    return float(strength * np.sum(np.abs(weights) if penalty == "L1" else weights**2))


def compute_pull(weights: Values, strength: float, penalty: Penalty) -> Values:
    """Return the gradient of a penalty, λ · sign(w) or 2·λ·w. That of L1 is the same for small and large weights."""
    return strength * np.sign(weights) if penalty == "L1" else 2 * strength * weights


def find_minimum(best: float, strength: float, penalty: Penalty) -> float:
    """Return the w that minimizes (w − best)² plus the penalty.

    L2: best / (1 + λ), which is never 0. L1: best moved towards 0 by λ/2, and exactly 0 for |best| ≤ λ/2 (soft
    thresholding: Hastie, Tibshirani & Friedman 2009, The elements of statistical learning, table 3.4).
    """
    if penalty == "L2":
        return best / (1 + strength)
    return float(np.sign(best) * max(abs(best) - strength / 2, 0.0))


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
