"""Which candidates can be dropped early: those whose learning curve cannot reach the margin of the best."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def choose_dropped(
    curves: Mapping[str, NDArray[np.float64]], epochs: int, costs: Mapping[str, float], margin: float
) -> dict[str, str]:
    """Return the candidates to drop, with the reason as a sentence.

    Args:
        curves: validation accuracy after each epoch, of shape (epochs so far,) or (seeds, epochs so far).
        epochs: epochs of a complete run.
        costs: cost of each candidate; smaller is better.
        margin: as a fraction.
    """
    raise NotImplementedError


def can_decide(images: int, margin: float, accuracy: float = 0.9) -> str | None:
    """Return a sentence if so few images can never show a difference within the margin, otherwise None.

    Args:
        margin: as a fraction.
        accuracy: expected accuracy of the best candidate.
    """
    raise NotImplementedError
