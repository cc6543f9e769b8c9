"""Two ways to keep a network from learning by heart: the L2 penalty and dropout."""

from dataclasses import dataclass

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Values


def compute_l2(weights: Values, strength: float) -> float:
    """λ · Σ w², as keras.regularizers.L2 adds it to the loss (other libraries halve it).

    >>> compute_l2(np.array([3.0, 4.0]), strength=0.1)
    2.5
    """
    return float(strength * np.sum(weights**2))


def compute_pull(weights: Values, strength: float) -> Values:
    """The penalty's gradient 2·λ·w: the larger a weight, the harder it is pulled towards 0."""
    return 2 * strength * weights


def find_minimum(best: float, strength: float) -> float:
    """Where (w − best)² + λ·w² is least: best / (1 + λ)."""
    return best / (1 + strength)


@dataclass(frozen=True)
class DropoutResult:
    """The same activations in both phases and both conventions; arrays of their shape.

    Args:
        mask: whether a unit is kept in this training step.
        training: inverted dropout: kept units are scaled by 1 / (1 − rate), as Keras does.
        inference: with inverted dropout nothing is left to do.
        plain_training: the older convention: units are dropped and nothing is scaled,
        plain_inference: so inference multiplies by 1 − rate.
    """

    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    training: Values
    inference: Values
    plain_training: Values
    plain_inference: Values


def apply_dropout(x: Values, rate: float, seed: int) -> DropoutResult:
    """Drops each value with probability `rate`.

    Raises:
        SpecError: when the rate is not at least 0 and below 1.
    """
    if not 0 <= rate < 1:
        raise SpecError(f"Expected rate at least 0 and below 1; got {rate:g}.")
    mask = np.random.default_rng(seed).random(x.shape) >= rate
    kept = np.where(mask, x, 0.0)
    return DropoutResult(mask, kept / (1 - rate), x, kept, x * (1 - rate))


def compute_mean_training(x: Values, rate: float, seed: int, draws: int) -> Values:
    """Mean of inverted dropout over several training steps; it tends to `x`, so inference needs no scaling."""
    masks = np.random.default_rng(seed).random((draws, *x.shape)) >= rate
    return masks.mean(axis=0) * x / (1 - rate)
