"""Pareto front of cost and gain, and the marginal cost along it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def compute_front(costs: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether each point is Pareto-optimal; arrays of shape (points,).

    A point is dominated if another one has at most its cost and at least its gain, and is strictly better in one of
    the two. Equal points are both optimal. A point with a NaN is neither optimal nor dominates others.

    Source: Kung, Luccio & Preparata 1975, On finding the maxima of a set of vectors, J. ACM 22; in two dimensions a
    single pass over the points sorted by cost.

    >>> compute_front(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0.5, 0.7, 0.6, 0.7])).tolist()
    [True, True, False, False]
    """
    front = np.zeros(len(costs), dtype=np.bool_)
    known = np.flatnonzero(np.isfinite(costs) & np.isfinite(gains))
    order = known[np.lexsort((-gains[known], costs[known]))]
    if not len(order):
        return front
    first = np.r_[True, np.diff(costs[order]) > 0]  # the first point of each cost has the largest gain
    best = gains[order][first]
    before = np.r_[-np.inf, np.maximum.accumulate(best)[:-1]]  # largest gain of all cheaper points
    of_cost = np.cumsum(first) - 1
    front[order] = (gains[order] == best[of_cost]) & (best > before)[of_cost]
    return front


def compute_steps(costs: NDArray[np.float64], gains: NDArray[np.float64]) -> pd.DataFrame:
    """Return the steps of the front, cheapest first: columns cost, gain, extra_cost, extra_gain, rate.

    Equal points share a row. Extras are relative to the previous row (NaN in the first one); `rate` = extra_cost /
    extra_gain is the marginal cost, the incremental cost-effectiveness ratio (ICER) of health economics.

    Worked example: Aust. N.Z. Health Policy 2005, 2:10, table 7, screening programmes in dollars and in years of life.

    >>> cost = np.array([140_117_791.0, 248_112_291, 304_301_903, 370_181_240, 422_777_702])
    >>> compute_steps(cost, np.array([3_551.0, 6_023, 6_720, 7_076, 7_299]))["rate"].round().tolist()[1:]
    [43687.0, 80616.0, 185054.0, 235859.0]
    """
    front = compute_front(costs, gains)
    points = np.unique(np.column_stack([costs[front], gains[front]]), axis=0)
    extra = np.diff(points, axis=0, prepend=[[np.nan, np.nan]])
    steps = np.column_stack([points, extra, extra[:, 0] / extra[:, 1]])
    return pd.DataFrame(steps, columns=["cost", "gain", "extra_cost", "extra_gain", "rate"])
