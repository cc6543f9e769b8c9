"""Confidence intervals of a proportion (Wilson) and of a mean over a few seeds (Student's t)."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


def compute_wilson(
    correct: NDArray[np.int64] | float, images: NDArray[np.int64] | float, level: float = LEVEL, df: float = np.inf
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bounds of the Wilson score interval of a proportion; accepts numbers or arrays.

    The interval is within [0, 1] and has a positive width also for a proportion of 0 or 1. For 0 images it is [0, 1].
    With `df` it uses the quantile of Student's t instead of the normal one.

    Source: Wilson 1927, Probable inference, J. Am. Stat. Assoc. 22. Worked examples: Newcombe 1998, Stat. Med. 17,
    table I, method 3: 81 of 263 gives 0.2553 to 0.3662, 15 of 148 0.0624 to 0.1605, 0 of 20 0 to 0.1611.

    >>> [round(float(end), 4) for end in compute_wilson(81, 263)]
    [0.2553, 0.3662]
    """
    count, total = np.asarray(correct, dtype=np.float64), np.asarray(images, dtype=np.float64)
    z = NormalDist().inv_cdf((1 + level) / 2) if np.isinf(df) else quantile_t(df, level)
    proportion = count / np.maximum(total, 1)
    centre = (count + z**2 / 2) / (total + z**2)
    half = z / (total + z**2) * np.sqrt(total * proportion * (1 - proportion) + z**2 / 4)
    return np.clip(centre - half, 0.0, proportion), np.clip(centre + half, np.where(total > 0, proportion, 1.0), 1.0)


def compute_mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Return Student's t interval of the mean: mean ± t · s/√n with n − 1 degrees of freedom; None for one value.

    Source: Student 1908, The probable error of a mean, Biometrika 6. Worked example: ten patients slept 1.58 hours
    longer with one drug than with the other, 0.70 to 2.46.

    >>> hours = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
    >>> interval = compute_mean_interval(hours)
    >>> round(interval.low, 2), round(interval.high, 2)
    (0.7, 2.46)
    """
    count = len(values)
    if count < 2:
        return None
    mean = float(np.mean(values))
    half = quantile_t(count - 1, level) * float(np.std(values, ddof=1)) / count**0.5
    return Interval(mean - half, mean + half)


def quantile_t(df: float, level: float = LEVEL) -> float:
    """Return t such that Student's t distribution with `df` degrees of freedom has probability `level` in [−t, t]."""
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + level) / 2))
