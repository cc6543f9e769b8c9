"""Transforms of pixels compared with TensorFlow and with worked examples."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.spec import TRANSFORMS
from tests.support.pixels import RANDOM, noise, pixel, shapes

transforms = pytest.mark.parametrize("name", TRANSFORMS)


def apply(name: str, image: NDArray[np.uint8], *amount: float) -> NDArray[np.uint8]:
    return TRANSFORMS[name].apply(image, *amount)


# Every transform


@transforms
def test_transform_entry_is_complete(name: str) -> None:
    entry = TRANSFORMS[name]
    assert (entry.name, entry.label[:1].isupper(), entry.summary[-1]) == (name, True, ".")
    assert "tf.image" in entry.details
    scales = [entry.amount, *([entry.strength] if entry.strength else [])]
    for scale in scales:
        assert scale.low <= scale.default <= scale.high
        assert 0 < scale.step < scale.high - scale.low + 1
        assert "{" not in scale.write(scale.default)


@transforms
@shapes
def test_transform_returns_an_image_and_keeps_its_input(name: str, shape: tuple[int, ...]) -> None:
    image = noise(shape)
    kept = image.copy()
    scale = TRANSFORMS[name].amount
    for amount in (scale.low, scale.default, scale.high):
        result = apply(name, image, amount)
        assert (result.dtype, result.ndim, result.shape[2]) == (np.uint8, 3, shape[2])
        assert min(result.shape) >= 1
    np.testing.assert_array_equal(image, kept)


@pytest.mark.parametrize("name", [name for name, entry in TRANSFORMS.items() if entry.amount.neutral is not None])
def test_neutral_value_changes_nothing(name: str) -> None:
    for shape in ((28, 28, 1), (64, 64, 3)):
        image = noise(shape)
        np.testing.assert_array_equal(apply(name, image, TRANSFORMS[name].amount.neutral), image)


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"crop_box", "random_crop", "resize"}))
@shapes
def test_transform_that_does_not_crop_keeps_the_size(name: str, shape: tuple[int, ...]) -> None:
    image = noise(shape)
    assert apply(name, image, TRANSFORMS[name].amount.default).shape == shape


# Worked examples


@pytest.mark.parametrize("name", ["flip_horizontal", "flip_vertical"])
def test_two_flips_change_nothing(name: str) -> None:
    image = noise((5, 4, 3))
    flipped = apply(name, image, 1)
    assert not np.array_equal(flipped, image)
    np.testing.assert_array_equal(apply(name, flipped, 1), image)


def test_flips_reverse_the_right_axis() -> None:
    image = np.array([[1, 2], [3, 4]], np.uint8)[..., np.newaxis]
    assert apply("flip_horizontal", image, 1)[..., 0].tolist() == [[2, 1], [4, 3]]
    assert apply("flip_vertical", image, 1)[..., 0].tolist() == [[3, 4], [1, 2]]


def test_contrast_scales_around_the_mean_of_each_channel() -> None:
    image = np.array([[[100, 10], [120, 20]], [[140, 30], [160, 240]]], np.uint8)  # means 130 and 75
    assert apply("contrast", image, 2).tolist() == [[[70, 0], [110, 0]], [[150, 0], [190, 255]]]
    assert apply("contrast", image, 0)[..., 0].tolist() == [[130, 130], [130, 130]]


def test_brightness_adds_on_the_scale_of_one() -> None:
    image = pixel(0, 100, 200)
    assert apply("brightness", image, 0.2).ravel().tolist() == [51, 151, 251]
    assert apply("brightness", image, 0.3).ravel().tolist() == [76, 176, 255]  # 76.5 and 176.5 round to the even level
    assert apply("brightness", image, -0.4).ravel().tolist() == [0, 0, 98]


def test_saturation_moves_channels_from_the_maximum() -> None:
    # V = 200, S = (200 − 100) / 200 = 0.5: twice that is 1, half of it 0.25.
    image = pixel(200, 100, 150)
    assert apply("saturation", image, 2).ravel().tolist() == [200, 0, 100]
    assert apply("saturation", image, 5).ravel().tolist() == [200, 0, 100]
    assert apply("saturation", image, 0.5).ravel().tolist() == [200, 150, 175]
    assert apply("saturation", image, 0).ravel().tolist() == [200, 200, 200]
    assert apply("saturation", pixel(0, 0, 0), 2).ravel().tolist() == [0, 0, 0]
    assert apply("saturation", pixel(77), 2).ravel().tolist() == [77]


def test_box_equals_that_of_the_official_images_and_scales_with_smaller_ones() -> None:
    full, half = noise((218, 178, 3)), noise((109, 89, 3))
    np.testing.assert_array_equal(apply("crop_box", full, 128), full[50:178, 20:148])
    np.testing.assert_array_equal(apply("crop_box", half, 128), half[25:89, 10:74])


def test_central_crop_is_resized_to_its_original_size() -> None:
    image = noise((218, 178, 3))
    assert apply("central_crop", image, 0.7).shape == (218, 178, 3)
    flat = np.zeros((10, 10, 1), np.uint8)
    flat[2:8, 2:8] = 200  # a central crop of 0.6 removes everything else
    assert (apply("central_crop", flat, 0.6) == 200).all()


def test_random_crop_cuts_squares_at_every_position() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(4, 3, 1)
    strength = RANDOM["random_crop"].strength
    assert strength
    rng = np.random.default_rng(0)
    tops = {int(apply("random_crop", image, *strength.draw(rng, 1))[0, 0, 0]) for _ in range(60)}
    assert tops == {0, 3}
    corners = {int(apply("random_crop", image, *strength.draw(rng, 0.67))[0, 0, 0]) for _ in range(200)}
    assert corners == {0, 1, 3, 4, 6, 7}


def test_shift_moves_whole_pixels_and_fills_with_black() -> None:
    image = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.uint8)[..., np.newaxis]
    assert apply("shift", image, 0.25)[..., 0].tolist() == [[0, 1, 2, 3], [0, 5, 6, 7]]
    assert apply("shift", image, -0.5, 0.5)[..., 0].tolist() == [[0, 0, 0, 0], [3, 4, 0, 0]]


def test_quarter_turn_is_counterclockwise() -> None:
    image = noise((6, 6, 3))
    np.testing.assert_array_equal(apply("rotation", image, 90), np.rot90(image))


def test_zoom_enlarges_the_center_or_adds_a_black_border() -> None:
    image = np.zeros((8, 8, 1), np.uint8)
    image[2:6, 2:6] = 200
    assert (apply("zoom", image, 2)[1:7, 1:7] == 200).all()
    out = apply("zoom", np.full((8, 8, 1), 200, np.uint8), 0.5)
    assert (out[3:5, 3:5] == 200).all()
    assert not out[0].any()
    assert not out[:, 7].any()


@pytest.mark.training
@pytest.mark.xdist_group("tensorflow")
def test_transforms_equal_tensorflow_up_to_one_gray_level() -> None:
    import tensorflow as tf

    image = noise((109, 89, 3))

    def near(mine: NDArray[np.uint8], theirs: object) -> None:
        assert np.abs(mine.astype(int) - np.asarray(theirs).astype(float)).max() <= 1

    near(apply("contrast", image, 2), tf.image.adjust_contrast(image, 2))
    near(apply("brightness", image, 0.3), tf.image.adjust_brightness(image, 0.3))
    near(apply("saturation", image, 2), tf.image.adjust_saturation(image, 2))
    near(apply("saturation", image, 0.5), tf.image.adjust_saturation(image, 0.5))
    near(apply("flip_horizontal", image, 1), tf.image.flip_left_right(image))
    near(apply("flip_vertical", image, 1), tf.image.flip_up_down(image))
    near(
        apply("crop_box", noise((218, 178, 3)), 128),
        tf.image.crop_to_bounding_box(noise((218, 178, 3)), 50, 20, 128, 128),
    )
    near(apply("central_crop", image, 0.7), tf.image.resize(tf.image.central_crop(image, 0.7), (109, 89)))
    near(apply("resize", image, 64), tf.image.resize(image, (64, 64), antialias=True))
