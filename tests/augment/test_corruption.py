"""Corruptions, which are the same for every model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.augment.corruption import (
    CORRUPTIONS,
    LEAST_IMAGES,
    MAX_FLOPS,
    MAX_IMAGES,
    list_rows,
    select_corrupted_images,
)
from core.spec import TRANSFORMS

corruptions = pytest.mark.parametrize("name", CORRUPTIONS)


def noise(shape: tuple[int, ...] = (28, 28, 1)) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@corruptions
def test_corruption_is_a_transform_with_a_neutral_value(name: str) -> None:
    corruption = CORRUPTIONS[name]
    assert corruption.transform in TRANSFORMS
    assert {corruption.neutral, corruption.usual} <= set(corruption.values)
    assert list(corruption.values) == sorted(set(corruption.values))
    assert "{" not in corruption.write(corruption.usual)


@corruptions
@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (8, 8, 1)])
def test_corruption_keeps_the_shape_and_is_deterministic(name: str, shape: tuple[int, ...]) -> None:
    corruption, image = CORRUPTIONS[name], noise(shape)
    for value in corruption.values:
        seen = corruption.apply(image, value, 3)
        assert (seen.shape, seen.dtype) == (shape, np.uint8)
        np.testing.assert_array_equal(seen, corruption.apply(image, value, 3))
        assert np.array_equal(seen, image) == (value == corruption.neutral)


def test_shift_moves_every_image_by_whole_pixels_in_some_direction() -> None:
    image = np.zeros((28, 28, 1), np.uint8)
    image[14, 14] = 255
    offsets = set()
    for index in range(60):
        (row,), (column,) = np.nonzero(CORRUPTIONS["shift"].apply(image, 4, index)[..., 0])
        offsets.add((int(row) - 14, int(column) - 14))
    assert offsets == {(4, 0), (-4, 0), (0, 4), (0, -4)}


@given(st.integers(1, 20_000), st.integers(1, 10**11))
def test_number_of_images_follows_from_flops_and_may_be_zero(tests: int, flops: int) -> None:
    indices = select_corrupted_images(tests, flops)
    assert len(indices) <= min(MAX_IMAGES, tests)
    assert len(indices) * len(list_rows()) * flops <= MAX_FLOPS
    assert (np.diff(indices) > 0).all()
    if MAX_FLOPS / (len(list_rows()) * flops) < LEAST_IMAGES:
        assert not len(indices)


def test_larger_model_is_evaluated_on_a_subset_of_the_images_of_a_smaller_one() -> None:
    assert set(select_corrupted_images(10_000, 200_000_000)) < set(select_corrupted_images(10_000, 5_000_000))
