"""Colours of heads."""

from core.displays.palette import colors, head_colors
from core.spec import HEADS
from tests.support.comparison_cases import Comparisons


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
