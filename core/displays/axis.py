"""Positions of ticks and labels on an axis."""

import math
from collections.abc import Iterable, Sequence

import altair as alt

_MAX_TICKS = 8


def scale_shares(values: Iterable[float | None], room: float = 0.06) -> alt.Scale:
    """Return a scale around fractions that stays between 0 and 1. None and values that are not finite are ignored.

    Args:
        room: additional space on both sides, as a fraction of the range.
    """
    finite = [float(value) for value in values if value is not None and math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    space = max(room * (high - low), 0.005)
    return alt.Scale(domain=[max(0.0, low - space), min(1.0, high + space)], nice=False, zero=False)


def list_whole_ticks(low: float, high: float) -> list[int]:
    """Return at most eight evenly spaced whole numbers from `low` to `high`, at least one.

    >>> list_whole_ticks(1, 2), list_whole_ticks(1, 25), list_whole_ticks(0.5, 1.5)
    ([1, 2], [5, 10, 15, 20, 25], [1])
    """
    first, last = math.ceil(low), max(math.floor(high), math.ceil(low))
    sizes = (digit * 10**power for power in range(12) for digit in (1, 2, 5))
    step = next(size for size in sizes if (last - first) / size < _MAX_TICKS)
    return [*range(-(-first // step) * step, last + 1, step)]


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
