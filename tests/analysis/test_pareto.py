"""Pareto front compared with a brute-force result."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.analysis.pareto import compute_front, compute_steps

# Few values, so that ties occur; NaN means not measured.
VALUES = st.sampled_from([0.0, 1.0, 2.0, 3.0, 5.0, float("nan")])
POINTS = st.lists(st.tuples(VALUES, VALUES), max_size=9)


def of(points: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    array = np.array(points, dtype=np.float64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


@given(POINTS)
@example([])
@example([(1.0, 1.0), (1.0, 1.0)])
def test_front_contains_the_points_that_no_other_point_dominates(points: list[tuple[float, float]]) -> None:
    known = [point for point in points if not np.isnan(point).any()]
    beaten = [any(c <= cost and g >= gain and (c < cost or g > gain) for c, g in known) for cost, gain in points]
    expected = [not (b or np.isnan(point).any()) for b, point in zip(beaten, points, strict=True)]
    assert compute_front(*of(points)).tolist() == expected


@given(POINTS)
def test_steps_are_sorted_from_cheap_to_expensive(points: list[tuple[float, float]]) -> None:
    cost, gain = of(points)
    steps, front = compute_steps(cost, gain), compute_front(cost, gain)
    assert {*zip(steps["cost"], steps["gain"], strict=True)} == {*zip(cost[front], gain[front], strict=True)}
    assert steps["rate"].isna().tolist() == [i == 0 for i in range(len(steps))]
    assert (steps["extra_cost"].dropna() > 0).all()
    assert (steps["extra_gain"].dropna() > 0).all()


def test_rates_equal_those_of_a_published_table() -> None:
    """Aust. N.Z. Health Policy 2005, 2:10, table 7: incremental costs, life years gained, and their ratios."""
    cost = np.array([140_117_791, 248_112_291, 304_301_903, 370_181_240, 422_777_702], dtype=np.float64)
    steps = compute_steps(cost, np.array([3_551.0, 6_023, 6_720, 7_076, 7_299]))
    assert steps["extra_cost"].tolist()[1:] == [107_994_500, 56_189_612, 65_879_337, 52_596_462]
    assert steps["extra_gain"].tolist()[1:] == [2_472, 697, 356, 223]
    assert steps["rate"].round().tolist()[1:] == [43_687, 80_616, 185_054, 235_859]
