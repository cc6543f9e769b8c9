"""Points with equal values, drawn next to each other."""

from collections.abc import Iterator, Sequence

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

Positions = NDArray[np.float64]

EQUAL_NOTE = "Marks of equal values are next to each other."
SHIFT = alt.expr("datum.shift")
"""Offset of a mark whose rows have the column of `with_shifts`."""

_PLOT_PIXELS = 260  # length of an axis in the narrowest plot; in a larger one, marks are farther apart
_NEAR_PIXELS = 2  # nearer points are equal
_GAP_PIXELS = 3  # between marks of different values, so that none hides another
_LEVEL_PIXELS = 4


def with_shifts(
    frame: pd.DataFrame,
    axes: Sequence[pd.Series],
    pixels: float,
    room: float,
    *,
    padding: float = 0,
    across: float | None = None,
) -> pd.DataFrame:
    """Return the rows with the column `shift`: the distance in pixels of a mark from its values along the first axis,
    0 if it is not in the way of another mark.

    Marks keep their order along the first axis, so that none covers another in a larger plot either.

    Args:
        axes: the values on each axis, numbers or text; logarithms for a log axis.
        pixels: distance of two marks with equal values.
        room: largest shift; more marks are nearer to each other.
        padding: empty pixels at both ends of the first axis.
        across: length of the second axis in its own unit; None if it is about as long as the range of the values.

    >>> frame = pd.DataFrame({"x": [1, 1, 2], "y": [0.5, 0.5, 0.5]})
    >>> with_shifts(frame, [frame["x"], frame["y"]], 10, 30)["shift"].tolist()
    [-5.0, 5.0, 0.0]
    """
    x, y = _scale(axes[0], _PLOT_PIXELS - 2 * padding), _scale(axes[1], _PLOT_PIXELS, across)
    shifts = np.zeros(len(frame))
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    for level in _split_levels(known[np.argsort(y[known], kind="stable")], y) if len(known) else ():
        rows = level[np.argsort(x[level], kind="stable")]
        gaps = np.where(np.diff(x[rows]) <= _NEAR_PIXELS, pixels, _GAP_PIXELS)
        moved = _separate(x[rows], gaps) - x[rows]
        while (farthest := float(np.abs(moved).max())) > 1.001 * room and gaps.max() > 0.1:
            gaps = gaps * (room / farthest)
            moved = _separate(x[rows], gaps) - x[rows]
        shifts[rows] = moved
    return frame.assign(shift=shifts.round(2) + 0.0)


def _scale(column: pd.Series, pixels: float, length: float | None = None) -> Positions:
    """Return positions on an axis in pixels; values of text are far apart."""
    if not pd.api.types.is_numeric_dtype(column):
        return np.asarray(pd.factorize(column)[0] * 1000.0, dtype=np.float64)
    values = column.to_numpy(np.float64, na_value=np.nan)
    finite = values[np.isfinite(values)]
    length = length or (float(np.ptp(finite)) if len(finite) else 0.0)
    return np.asarray(values * pixels / (length or 1.0), dtype=np.float64)


def _split_levels(rows: NDArray[np.intp], y: Positions) -> Iterator[NDArray[np.intp]]:
    """Yield the sorted rows in parts of almost the same height. Parts end at the largest distances."""
    distances = np.diff(y[rows])
    if not len(distances) or (distances.max() <= _NEAR_PIXELS and y[rows[-1]] - y[rows[0]] <= _LEVEL_PIXELS):
        yield rows
        return
    cut = int(distances.argmax()) + 1
    yield from _split_levels(rows[:cut], y)
    yield from _split_levels(rows[cut:], y)


def _separate(positions: Positions, gaps: Positions) -> Positions:
    """Return sorted positions with at least these gaps, moved as little as possible (pool adjacent violators)."""
    before = np.concatenate([[0.0], np.cumsum(gaps)])
    blocks: list[tuple[float, int]] = []
    for value in (positions - before).tolist():
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, m), (b, n) = blocks[-2:]
            blocks[-2:] = [((a * m + b * n) / (m + n), m + n)]
    return np.repeat([value for value, _ in blocks], [count for _, count in blocks]) + before
