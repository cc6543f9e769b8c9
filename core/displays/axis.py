"""Positions of ticks and labels on an axis."""

import math
from collections.abc import Sequence


def list_log_ticks(low: float, high: float) -> list[float]:
    """Return the multiples 1, 2 and 5 of powers of ten that enclose `low` to `high` (both above 0); at least two.

    >>> list_log_ticks(0.03, 0.4)
    [0.02, 0.05, 0.1, 0.2, 0.5]
    """
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    ticks = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    first = max(i for i, tick in enumerate(ticks) if tick <= low)
    last = min(i for i, tick in enumerate(ticks) if tick >= high and i > first)
    return ticks[first : last + 1]


def spread_names(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move label positions so that they are at least `gap` apart and, if they fit, between `low` and `high`.

    >>> spread_names([1.0, 0.5, 0.99], 0.25, 0.0, 1.0)
    [1.0, 0.5, 0.75]
    """
    ranks = sorted(range(len(positions)), key=lambda i: positions[i])
    spread = list(positions)
    floor = low
    for i in ranks:
        spread[i] = max(positions[i], floor)
        floor = spread[i] + gap
    ceiling = high
    for i in reversed(ranks):
        spread[i] = min(spread[i], ceiling)
        ceiling = spread[i] - gap
    return spread
