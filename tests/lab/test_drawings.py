"""Drawings and descriptions of the lab, and its samples."""

from itertools import pairwise

import numpy as np
import pytest

from core.displays.lab.convolution_strip import draw_strip
from core.displays.lab.formula import write_step
from core.displays.lab.grid import draw_grid
from core.errors import SpecError
from core.lab import kernel, sample
from core.lab.convolution import (
    Convolution,
)
from tests.support.numbers import whole


def test_step_is_written_as_its_products() -> None:
    found = Convolution.of(sample.EXAMPLE_1D, kernel.EXAMPLE_1D, 2)
    assert write_step(found, 5) == "y[5] = 4·2 + 5·1 + 6·3 + 1·0 + 3·1 = **34**"
    assert "(−1)" in write_step(Convolution.of(sample.EXAMPLE_1D, np.array([1.0, -1]), 0), 0)


def test_strip_shows_the_output_up_to_its_step() -> None:
    found = Convolution.of(sample.EXAMPLE_1D, kernel.EXAMPLE_1D, 2)
    drawings = [draw_strip(found, step) for step in range(found.steps)]
    assert all(one != other for one, other in pairwise(drawings))
    assert "Output: 5 14 16 26 24 34." in drawings[5]
    assert ">19<" not in drawings[5]
    assert ">19<" in drawings[6]


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 64), (128, 85), (1, 136)])
def test_grid_of_any_shape_is_drawn_with_a_description(shape: tuple[int, int]) -> None:
    svg = draw_grid(whole(0, *shape), "<Image>", window=[(0, 0)], filled=1)
    assert svg.startswith("<svg")
    assert f'aria-label="&lt;Image&gt;, {shape[0]} × {shape[1]}' in svg
    assert len(svg) < 60_000
    assert ("<image" in svg) == (max(shape) > 18)


def test_samples_match_their_names() -> None:
    assert [sample.load_digit(number).shape for number in (0, 1796)] == [(8, 8), (8, 8)]
    with pytest.raises(SpecError, match=r"Expected scan between 0 and 1796; got 1797\."):
        sample.load_digit(1797)
    for name, x in {**sample.SIGNALS, **sample.PATTERNS}.items():
        assert np.ptp(x) > 0, name
        assert x.dtype == np.float64, name
