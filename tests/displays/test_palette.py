"""Colors and shapes of heads and variants."""

import colorsys
from itertools import pairwise

from core.displays.palette import assign_styles, colors, compute_styles, head_colors, head_styles
from core.spec import HEADS
from core.store.comparison import Comparison
from tests.support.comparison_cases import Comparisons
from tests.support.run_writer import RunWriter


def test_head_keeps_its_colour_in_every_comparison(
    comparisons: Comparisons,
) -> None:
    alone = {name: colors(comparisons(name)[1]) for name in ("one_run", "two_heads_three_seeds", "three_heads")}
    assert {palette["GAP"] for palette in alone.values()} == {head_colors()["GAP"]}
    assert alone["three_heads"]["Flatten + Dense"] == alone["two_heads_three_seeds"]["Flatten + Dense"]


def test_every_head_has_a_unique_colour() -> None:
    assert len(set(head_colors().values())) == len(HEADS)


def test_variants_of_one_head_have_different_colours(
    comparisons: Comparisons,
) -> None:
    palette = colors(comparisons("one_head_other_units")[1])
    assert len(set(palette.values())) == len(palette) == 2


def test_head_has_a_unique_shape_that_it_keeps(comparisons: Comparisons) -> None:
    styles = head_styles()
    assert (
        len({style.shape for style in styles.values()}) == len({style.mark for style in styles.values()}) == len(HEADS)
    )
    for case in ("one_run", "two_heads_three_seeds", "three_heads"):
        assert all(style == styles[label] for label, style in compute_styles(comparisons(case)[1]).items())


def lightness(color: str) -> float:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)[1]


def test_values_of_a_setting_are_sorted_and_go_from_dark_to_light(make_run: RunWriter) -> None:
    filters = [4 * n for n in (3, 15, 1, 9, 7, 2, 14, 5, 4, 8, 6, 10, 13, 12, 11)]
    comparison = Comparison.of([make_run(head="gap", filters=value, predictions=False) for value in filters])
    assert [variant.spec.filters for variant in comparison.variants] == sorted(filters)
    shades = [lightness(color) for color in colors(comparison).values()]
    assert all(b - a > 0.02 for a, b in pairwise(shades))
    assert 0.25 < shades[0] < shades[-1] < 0.8


def test_variants_have_different_shapes_as_long_as_there_are_any() -> None:
    orders = [("a", 1), ("b", 1), ("c", 2), ("d", 1)]
    assert len({style.shape for style in assign_styles(orders).values()}) == 4
    many = assign_styles([(str(n), 1) for n in range(30)])
    assert len({style.shape for style in many.values()}) == 10
    assert len({style.color for style in many.values()}) == 30
