"""Numbers as text."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.seed_mean import SeedMean
from core.displays import number
from core.plural import format_plural
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 test images"), (1, "1 test image"), (2, "2 test images"), (1437, "1,437 test images")],
)
def test_one_is_singular(count: int, text: str) -> None:
    assert format_plural(count, "test image") == text


@pytest.mark.parametrize("plural", ["classes", "batches", "boxes", "epochs", "images", "values"])
def test_plural_of_each_noun(plural: str) -> None:
    noun = plural.removesuffix("es") if plural in ("classes", "batches", "boxes") else plural.removesuffix("s")
    assert [format_plural(count, noun) for count in (1, 2)] == [f"1 {noun}", f"2 {plural}"]


def test_counts_with_a_noun_are_written_by_one_function() -> None:
    by_hand = re.compile(r"""\{[^{}]+\} [a-z ]+\{['"]e?s?['"] (?:if|\*) [^{}]*[=!<>]=? ?1\b""")
    found = {path.name for path in (ROOT / "core").rglob("*.py") if by_hand.search(path.read_text("utf-8"))}
    others = {"advice_text.py", "comments.py", "diverged.py"}  # a margin, a verb, and a list of seeds
    assert found == others, "use core.plural.format_plural"


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (number.format_count, 24_586, "24,586"),
        (number.format_count, 431_242.0, "431,242"),
        (number.format_short, 5_195_828, "5.20 M"),
        (number.format_short, 999_999, "1.00 M"),
        (number.format_short, 0, "0"),
        (number.format_short, 12, "12.0"),
        (number.format_bytes, 98_304, "98.3 kB"),
        (number.format_bytes, 999.6, "1.00 kB"),
        (number.format_bytes, 0, "0 B"),
        (number.format_seconds, 0.00021, "210 µs"),
        (number.format_seconds, 3e-5, "30.0 µs"),
        (number.format_seconds, 0, "0 s"),
        (number.format_seconds, 0.9999, "1.00 s"),
        (number.format_seconds, 59.99, "1 min 0 s"),
        (number.format_seconds, 200, "3 min 20 s"),
        (number.format_seconds, 3599.9, "1 h 0 min"),
        (number.format_seconds, 4000, "1 h 7 min"),
        (number.format_seconds, math.nan, "–"),
        (number.format_ratio, 17.54, "17.5×"),
        (number.format_accuracy, SeedMean(0.8731, None, 1), "87.3%"),
        (number.format_accuracy, SeedMean(0.8731, 0.012, 3), "87.3 ± 1.2%"),
        (number.format_accuracy, SeedMean(0.87314, 0.0004, 3), "87.31 ± 0.04%"),
        (number.format_accuracy, SeedMean(math.nan, None, 1), "–"),
        (number.format_loss, SeedMean(0.33541, None, 1), "0.335"),
        (number.format_loss, SeedMean(0.33541, 0.0123, 2), "0.335 ± 0.012"),
        (number.format_loss, SeedMean(math.nan, math.nan, 2), "–"),
    ],
)
def test_number_is_formatted_for_display(form: Callable[[Any], str], value: Any, text: str) -> None:
    assert form(value) == text


@settings(deadline=None)
@given(
    st.sampled_from([number.format_count, number.format_short, number.format_bytes, number.format_seconds]),
    st.floats(0, 1e15) | st.integers(0, 10**15) | st.sampled_from([math.nan, math.inf]),
)
def test_size_has_no_exponent_or_nan(form: Callable[[float], str], value: float) -> None:
    assert not re.search(r"nan|inf|\de[+-]?\d", form(value))


@settings(deadline=None)
@given(
    st.sampled_from([number.format_accuracy, number.format_loss]),
    st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf]),
    st.none() | st.floats(0, 1e6),
)
def test_estimate_has_no_exponent_or_nan(form: Callable[[SeedMean], str], mean: float, spread: float | None) -> None:
    assert not re.search(r"nan|inf|\de[+-]?\d", form(SeedMean(mean, spread, 2)))


@settings(deadline=None)
@given(st.floats(1e-6, 1e6))
def test_seconds_keep_three_digits(value: float) -> None:
    text = number.format_seconds(value)
    units = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
    parts = text.split()
    back = sum(float(a) * units[b] for a, b in zip(parts[::2], parts[1::2], strict=True))
    assert back == pytest.approx(value, rel=0.01)
