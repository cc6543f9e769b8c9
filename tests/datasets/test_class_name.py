"""Names of classes: outer spaces are removed in any form, inner ones stay, control characters are refused."""

import unicodedata

import pytest

from core.datasets.trees.class_name import normalize_name, order_classes
from core.errors import DatasetError

SPACES = [chr(code) for code in range(0x10000) if unicodedata.category(chr(code)) == "Zs"]
MARKS = ["\ufeff", "\u200b", "\u200e", "\u200f", "\u2060", "\u00ad", "\u2800", "\u3164", "\u115f"]


def test_outer_spaces_and_marks_are_removed_and_inner_ones_stay() -> None:
    for outer in [*SPACES, *MARKS, "\t", "\n"]:
        assert normalize_name(f"{outer}cat{outer} {outer}") == "cat"
        assert normalize_name(outer) == ""
    for inner in [*SPACES, "\u200c", "\u200d", "\u00ad"]:
        name = normalize_name(f"big{inner}cat")
        assert order_classes([name, "dog"]) == (name, "dog")
    for name in ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "می‌خواهم"):
        assert order_classes([normalize_name(name), "dog"])[1] == name


def test_names_with_control_characters_or_an_equal_form_are_refused() -> None:
    for name in (
        "a\tb",
        "a\nb",
        "a\u202eb",
        "a\x00b",
        "a\u2028b",
        "",
        "\u00a0",
        "x" * 81,
        "\ufe0f",
        "\U000e0061",
        "\u034f",
    ):
        with pytest.raises(DatasetError, match="Expected class names of at most 80 printable characters"):
            order_classes([name, "dog"])
    for space in SPACES[1:]:
        with pytest.raises(DatasetError, match="look alike"):
            order_classes(["big cat", f"big{space}cat"])
