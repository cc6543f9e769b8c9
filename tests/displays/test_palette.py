"""Colours of heads."""

from collections.abc import Callable

from core.displays.palette import colors, head_colors
from core.home import Home
from core.spec import HEADS
from core.store.comparison import Comparison


def test_head_keeps_its_colour_in_every_comparison(
    comparisons: Callable[[str], tuple[Home, Comparison]],
) -> None:
    alone = {name: colors(comparisons(name)[1]) for name in ("one_run", "two_heads_three_seeds", "three_heads")}
    assert {palette["GAP"] for palette in alone.values()} == {head_colors()["GAP"]}
    assert alone["three_heads"]["Flatten + Dense"] == alone["two_heads_three_seeds"]["Flatten + Dense"]


def test_every_head_has_a_colour_of_its_own() -> None:
    assert len(set(head_colors().values())) == len(HEADS)


def test_contenders_of_one_head_have_different_colours(
    comparisons: Callable[[str], tuple[Home, Comparison]],
) -> None:
    palette = colors(comparisons("one_head_other_units")[1])
    assert len(set(palette.values())) == len(palette) == 2
