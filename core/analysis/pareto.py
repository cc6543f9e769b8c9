"""The Pareto front: what nothing else beats in both cost and accuracy, and what each step along it costs."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def compute_front(costs: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points no other one beats: none has both at most their cost and at least their gain, and one of the two
    truly better. All of shape (points,).

    Equal points stand on the front together. A point whose cost or gain is NaN is not on it and beats none.

    Source: Kung, Luccio & Preparata 1975, On finding the maxima of a set of vectors, J. ACM 22; in two dimensions
    one pass from the cheapest on.

    >>> compute_front(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0.5, 0.7, 0.6, 0.7])).tolist()
    [True, True, False, False]
    """
    front = np.zeros(len(costs), dtype=np.bool_)
    known = np.flatnonzero(np.isfinite(costs) & np.isfinite(gains))
    order = known[np.lexsort((-gains[known], costs[known]))]
    if not len(order):
        return front
    first = np.r_[True, np.diff(costs[order]) > 0]  # the best of each cost stands first
    best = gains[order][first]
    before = np.r_[-np.inf, np.maximum.accumulate(best)[:-1]]  # of all that cost less
    of_cost = np.cumsum(first) - 1
    front[order] = (gains[order] == best[of_cost]) & (best > before)[of_cost]
    return front


def compute_steps(costs: NDArray[np.float64], gains: NDArray[np.float64]) -> pd.DataFrame:
    """The front as a staircase: columns cost, gain, extra_cost, extra_gain, rate. A row a place of it, cheapest first;
    points that are equal share one. The extras count from the row before, `rate` is extra cost by extra gain: what
    one more unit of gain costs there. The first row has none: NaN.

    The rate is the incremental cost-effectiveness ratio of health economics. Worked example: Aust. N.Z. Health Policy
    2005, 2:10, table 7, programmes of screening in dollars and in years of life.

    >>> cost = np.array([140_117_791.0, 248_112_291, 304_301_903, 370_181_240, 422_777_702])
    >>> compute_steps(cost, np.array([3_551.0, 6_023, 6_720, 7_076, 7_299]))["rate"].round().tolist()[1:]
    [43687.0, 80616.0, 185054.0, 235859.0]
    """
    front = compute_front(costs, gains)
    places = np.unique(np.column_stack([costs[front], gains[front]]), axis=0)
    extra = np.diff(places, axis=0, prepend=[[np.nan, np.nan]])
    figures = np.column_stack([places, extra, extra[:, 0] / extra[:, 1]])
    return pd.DataFrame(figures, columns=["cost", "gain", "extra_cost", "extra_gain", "rate"])
