"""Parsing and formatting of vectors and matrices."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from core.errors import SpecError
from core.lab.matrix import MAX_SIDE, format_matrix, format_number, parse_matrix, parse_vector


@settings(deadline=None)
@given(
    st.integers(1, 6).flatmap(
        lambda n: st.lists(st.lists(st.integers(-99, 99), min_size=n, max_size=n), min_size=1, max_size=6)
    )
)
def test_matrix_is_parsed_as_printed_by_python_numpy_and_the_lab(rows: list[list[int]]) -> None:
    expected = np.array(rows, dtype=np.float64)
    for text in (
        str(rows),
        str(np.array(rows)),
        format_matrix(expected),
        ";".join(" ".join(map(str, r)) for r in rows),
    ):
        assert_array_equal(parse_matrix(text), expected)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_matrix_or_an_error_message(text: str) -> None:
    try:
        found, message = parse_matrix(text, "kernel"), ""
    except SpecError as error:
        found, message = np.zeros((1, 1)), str(error)
    assert not message or re.fullmatch("Expected .*; got .*", message)
    assert np.isfinite(found).all()
    assert 1 <= min(found.shape) <= max(found.shape) <= MAX_SIDE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("abc", "Expected kernel as rows of numbers separated by spaces, one row per line; got 'abc'."),
        (" \n ", "Expected kernel as rows of numbers separated by spaces, one row per line; got an empty text."),
        ("1 2\n3", "Expected rows of equal length in kernel; got rows of 1 and 2 numbers."),
        ("1 " * 65, "Expected kernel of at most 64 × 64 numbers; got 1 × 65."),
        ("1 nan", "Expected the numbers of kernel between −1,000,000 and 1,000,000; got nan."),
        ("1e7", "Expected the numbers of kernel between −1,000,000 and 1,000,000; got 1e7."),
        ("1_0", "Expected kernel as rows of numbers separated by spaces, one row per line; got '1_0'."),
    ],
)
def test_invalid_text_is_quoted_in_the_error(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as error:
        parse_matrix(text, "kernel")
    assert str(error.value) == sentence


def test_vector_of_rows_and_columns_is_rejected() -> None:
    assert_array_equal(parse_vector("1\n2\n3"), [1, 2, 3])
    with pytest.raises(SpecError, match=r"Expected signal in one row; got 2 rows of 2 numbers\."):
        parse_vector("1 2; 3 4", "signal")


@pytest.mark.parametrize(
    ("value", "text"), [(24.0, "24"), (-1 / 3, "−0.3333"), (1e-16, "0"), (1234567.0, "1,234,567"), (1.5e-7, "1.5e−7")]
)
def test_numbers_are_formatted_short(value: float, text: str) -> None:
    assert format_number(value) == text
