"""Points with equal values, drawn next to each other."""

import math
from collections.abc import Iterator, Sequence
from itertools import product

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

EQUAL_NOTE = "Marks of equal values are next to each other."
SHIFT = alt.expr("datum.shift")
"""Offset of a mark whose rows have the column of `with_shifts`."""

_NEAR = 1 / 150  # of an axis, about 2 pixels of a narrow plot: nearer points are equal


def with_shifts(frame: pd.DataFrame, axes: Sequence[pd.Series], pixels: float, room: float) -> pd.DataFrame:
    """Return the rows with the column `shift`: the distance in pixels of a mark from its values, 0 if no other
    mark has the same values.

    Args:
        axes: the values on each axis, numbers or text; logarithms for a log axis.
        pixels: distance of two marks.
        room: largest shift; more marks are nearer to each other.

    >>> frame = pd.DataFrame({"x": [1, 1, 2], "y": [0.5, 0.5, 0.5]})
    >>> with_shifts(frame, [frame["x"], frame["y"]], 10, 30)["shift"].tolist()
    [-5.0, 5.0, 0.0]
    """
    shifts = np.zeros(len(frame))
    for rows in _group([_scale(axis) for axis in axes]):
        if len(rows) > 1:
            step = min(pixels, 2 * room / (len(rows) - 1))
            shifts[rows] = step * (np.arange(len(rows)) - (len(rows) - 1) / 2)
    return frame.assign(shift=shifts)


def _scale(column: pd.Series) -> NDArray[np.float64]:
    """Return positions on an axis, where equal points are at most 1 apart. Text has one position per value."""
    if not pd.api.types.is_numeric_dtype(column):
        codes: NDArray[np.float64] = 2.0 * pd.factorize(column)[0].astype(np.float64)
        return codes
    values = column.to_numpy(np.float64, na_value=np.nan)
    finite = values[np.isfinite(values)]
    span = float(np.ptp(finite)) if len(finite) else 0.0
    scaled: NDArray[np.float64] = values / (_NEAR * (span or 1.0))
    return scaled


def _group(axes: Sequence[NDArray[np.float64]]) -> Iterator[list[int]]:
    """Yield the rows of each group of equal points; rows with an unknown value are in no group."""
    firsts: dict[tuple[int, ...], list[list[int]]] = {}
    points = list(zip(*(axis.tolist() for axis in axes), strict=True))
    for row, point in enumerate(points):
        if not all(map(math.isfinite, point)):
            continue
        cell = [math.floor(value) for value in point]
        near = (group for key in product(*((i - 1, i, i + 1) for i in cell)) for group in firsts.get(key, ()))
        for group in near:
            if all(abs(a - b) <= 1 for a, b in zip(point, points[group[0]], strict=True)):
                group.append(row)
                break
        else:
            firsts.setdefault(tuple(cell), []).append([row])
    for groups in firsts.values():
        yield from groups
