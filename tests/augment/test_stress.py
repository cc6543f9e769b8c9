"""Harder images: the same for every model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.augment.corruption import (
    CORRUPTIONS,
    LEAST_IMAGES,
    MOST_FLOPS,
    MOST_IMAGES,
    list_rows,
    select_corrupted_images,
)
from core.spec import TRANSFORMS

corruptions = pytest.mark.parametrize("name", CORRUPTIONS)


def noise(shape: tuple[int, ...] = (28, 28, 1)) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@corruptions
def test_corruption_is_one_of_the_transforms_with_a_value_that_changes_nothing(name: str) -> None:
    corruption = CORRUPTIONS[name]
    assert corruption.transform in TRANSFORMS
    assert {corruption.neutral, corruption.usual} <= set(corruption.values)
    assert list(corruption.values) == sorted(set(corruption.values))
    assert "{" not in corruption.write(corruption.usual)


@corruptions
@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (8, 8, 1)])
def test_corruption_gives_images_of_the_same_shape_and_the_same_again(name: str, shape: tuple[int, ...]) -> None:
    corruption, image = CORRUPTIONS[name], noise(shape)
    for value in corruption.values:
        seen = corruption.apply(image, value, 3)
        assert (seen.shape, seen.dtype) == (shape, np.uint8)
        np.testing.assert_array_equal(seen, corruption.apply(image, value, 3))
        assert np.array_equal(seen, image) == (value == corruption.neutral)


def test_shift_moves_every_image_by_whole_pixels_in_some_direction() -> None:
    image = np.zeros((28, 28, 1), np.uint8)
    image[14, 14] = 255
    places = set()
    for index in range(60):
        (row,), (column,) = np.nonzero(CORRUPTIONS["shift"].apply(image, 4, index)[..., 0])
        places.add((int(row) - 14, int(column) - 14))
    assert places == {(4, 0), (-4, 0), (0, 4), (0, -4)}


@given(st.integers(1, 20_000), st.integers(1, 10**11))
def test_images_are_as_many_as_the_arithmetic_allows_or_none(tests: int, flops: int) -> None:
    places = select_corrupted_images(tests, flops)
    assert len(places) <= min(MOST_IMAGES, tests)
    assert len(places) * len(list_rows()) * flops <= MOST_FLOPS
    assert (np.diff(places) > 0).all()
    if MOST_FLOPS / (len(list_rows()) * flops) < LEAST_IMAGES:
        assert not len(places)


def test_a_larger_model_is_put_to_some_of_the_images_of_a_smaller_one() -> None:
    assert set(select_corrupted_images(10_000, 200_000_000)) < set(select_corrupted_images(10_000, 5_000_000))
