"""Intervals that hold the true value in 95 of 100 cases: of a share, and of a mean over a few seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


def compute_wilson(
    rights: NDArray[np.int64] | int, images: NDArray[np.int64] | int, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper ends of Wilson's score interval for a share of right images, for numbers or arrays of them.

    It stays within 0 … 1 and has a width also when none or all are right. Without an image it is 0 … 1.

    Source: Wilson 1927, Probable inference, J. Am. Stat. Assoc. 22. Worked examples: Newcombe 1998, Stat. Med. 17,
    table I, method 3: 81 of 263 gives 0.2553 to 0.3662, 15 of 148 0.0624 to 0.1605, 0 of 20 0 to 0.1611.

    >>> [round(float(end), 4) for end in compute_wilson(81, 263)]
    [0.2553, 0.3662]
    """
    count, total = np.asarray(rights, dtype=np.float64), np.asarray(images, dtype=np.float64)
    z = float(ndtri((1 + level) / 2))
    share = count / np.maximum(total, 1)
    centre = (count + z**2 / 2) / (total + z**2)
    half = z / (total + z**2) * np.sqrt(total * share * (1 - share) + z**2 / 4)
    return np.clip(centre - half, 0.0, share), np.clip(centre + half, np.where(total > 0, share, 1.0), 1.0)


def compute_mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Student's t interval of the mean; None for a single value, which says nothing of how others would lie.

    Worked example: Student 1908, Biometrika 6: ten patients slept 1.58 hours longer with one drug than with the
    other, 0.70 to 2.46.

    >>> gains = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
    >>> found = compute_mean_interval(gains)
    >>> round(found.low, 2), round(found.high, 2)
    (0.7, 2.46)
    """
    count = len(values)
    if count < 2:
        return None
    mean = float(np.mean(values))
    half = quantile_t(count - 1, level) * float(np.std(values, ddof=1)) / count**0.5
    return Interval(mean - half, mean + half)


def quantile_t(freedom: int, level: float = LEVEL) -> float:
    """Between minus and plus this lies `level` of Student's t distribution."""
    return float(stdtrit(freedom, (1 + level) / 2))
