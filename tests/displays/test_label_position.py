"""Names of marks: no overlap with other names, inside of the plot, and next to their mark where that is possible."""

import doctest
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from core.displays import label_position
from core.displays.curve_chart import draw_continuations
from core.displays.label_position import Area, position_names

PLOT = Area(0, -20, 300, 300)
marks = st.builds(
    lambda x, y, bar: Area(x - 7, y - bar, x + 7, y + bar),
    st.integers(60, 240),
    st.integers(20, 280),
    st.just(7) | st.integers(7, 80),
)
rows = st.lists(st.tuples(marks, st.none() | st.integers(20, 180)), max_size=15)


@given(rows)
def test_names_overlap_neither_each_other_nor_the_edge(rows: list[tuple[Area, int | None]]) -> None:
    found = position_names([mark for mark, _ in rows], [width for _, width in rows], PLOT)
    names = [area for area in found if area]
    assert not [pair for pair in combinations(names, 2) if pair[0].overlaps(pair[1])]
    assert all(area.lies_in(PLOT) for area in names)
    assert all(area is None for area, (_, width) in zip(found, rows, strict=True) if width is None)


def test_equal_marks_are_all_named_and_marks_are_avoided() -> None:
    mark = Area(143, 93, 157, 107)
    names = position_names([mark] * 4, [60] * 4, PLOT)
    assert all(names)
    assert not [name for name in names if name and name.overlaps(mark)]
    (name, _) = position_names([mark, Area(143, 70, 157, 84)], [60, None], PLOT)  # the place above is taken
    assert name is not None
    assert name.top > mark.bottom


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6))
def test_texts_at_continuations_do_not_overlap(positions: list[float]) -> None:
    areas = []
    for layer in draw_continuations("epoch", positions, 0.0, 100.0, bottom=False)[1:]:
        spec = layer.to_dict()
        (data,) = spec["datasets"].values() if "datasets" in spec else (spec["data"]["values"],)
        for row in data:
            at, sign = row["epoch"] * 2.6, 1 if spec["mark"]["align"] == "left" else -1
            left, right = sorted((at + 3 * sign, at + 48 * sign))
            areas.append(Area(left, 0, right, 10))
    assert areas
    assert not [pair for pair in combinations(areas, 2) if pair[0].overlaps(pair[1])]
    assert all(area.left >= -1 and area.right <= 261 for area in areas)


def test_examples_in_the_docstrings_are_correct() -> None:
    assert doctest.testmod(label_position) == (0, 2)
