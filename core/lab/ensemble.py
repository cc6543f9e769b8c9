"""Dropout as an ensemble: h hidden units give 2ʰ models that share their weights."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.errors import SpecError
from core.lab.convolution import Values
from core.lab.loss import softmax

MAX_UNITS = 10


@dataclass(frozen=True)
class Network:
    """Layers after the hidden units to which dropout applies.

    Attributes:
        activations: of the hidden units, of shape (units,).
        weights: matrices of the following layers, with ReLU between them; the last one gives the logits.
    """

    activations: Values
    weights: tuple[Values, ...]

    def predict(self, hidden: Values) -> Values:
        """Return the class probabilities for activations of shape (models, units)."""
        for weights in self.weights[:-1]:
            hidden = np.maximum(hidden @ weights, 0)
        return np.apply_along_axis(softmax, -1, hidden @ self.weights[-1])


@dataclass(frozen=True)
class Ensemble:
    """Predictions of all models of dropout, and three summaries.

    Attributes:
        probs: of shape (models, classes), one row per set of kept units.
        shares: of shape (models,), the probability that training uses the model; they add up to 1.
        arithmetic: weighted arithmetic mean of the predictions.
        geometric: weighted geometric mean of the predictions, normalized to 1.
        scaled: prediction of the whole network with activations multiplied by 1 − rate, as at inference.
    """

    probs: Values
    shares: Values
    arithmetic: Values
    geometric: Values
    scaled: Values


def make_network(units: int, classes: int, seed: int, *, second_layer: bool) -> Network:
    """Return a network with random activations and weights, optionally with a hidden ReLU layer before the logits.

    Raises:
        SpecError: if the number of units is not between 1 and MAX_UNITS.
    """
    if not 1 <= units <= MAX_UNITS:
        raise SpecError(f"Expected between 1 and {MAX_UNITS} hidden units; got {units}.")
    rng = np.random.default_rng(seed)
    sides = [units, *([8] if second_layer else []), classes]
    weights = tuple(rng.normal(0, 1.2, pair) for pair in pairwise(sides))
    return Network(rng.uniform(0.2, 1.5, units), weights)


def compute_ensemble(network: Network, rate: float) -> Ensemble:
    """Compute the predictions of all 2ʰ models, with units dropped with probability `rate`.

    The geometric mean equals the prediction of the scaled network if only a softmax layer follows, because the mean of
    the logits is linear in the kept units; otherwise the scaled network approximates it (Srivastava et al. 2014,
    Dropout; Goodfellow, Bengio & Courville 2016, Deep learning, section 7.12).

    Raises:
        SpecError: if the rate is not in [0, 1).
    """
    if not 0 <= rate < 1:
        raise SpecError(f"Expected rate of at least 0 and below 1; got {rate:g}.")
    units = len(network.activations)
    kept = (np.arange(2**units)[:, np.newaxis] >> np.arange(units)) & 1
    shares = np.prod(np.where(kept, 1 - rate, rate), axis=1)
    probs = network.predict(kept * network.activations)
    powers = softmax(shares @ np.log(np.maximum(probs, np.finfo(np.float64).tiny)))
    scaled = network.predict((1 - rate) * network.activations[np.newaxis])[0]
    return Ensemble(probs, shares, shares @ probs, powers, scaled)
