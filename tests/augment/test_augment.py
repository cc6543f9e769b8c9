"""Augmentation: what each transform does to pixels, what its text means, and what training sees."""

import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from core.augment.pipeline import Pipeline, make_generator
from core.augment.prepare import prepare
from core.augment.preview import EPOCHS, render_preview
from core.errors import SpecError
from core.recipes import RECIPES
from core.spec import TRANSFORMS, RunSpec

RANDOM = {name: entry for name, entry in TRANSFORMS.items() if entry.strength}
SHAPES = [(28, 28, 1), (109, 89, 3), (218, 178, 3), (20, 31, 3), (8, 8, 1)]

transforms = pytest.mark.parametrize("name", TRANSFORMS)
random_transforms = pytest.mark.parametrize("name", RANDOM)
shapes = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def pixel(*values: int) -> NDArray[np.uint8]:
    return np.array(values, np.uint8).reshape(1, 1, -1)


def apply(name: str, image: NDArray[np.uint8], *amount: float) -> NDArray[np.uint8]:
    return TRANSFORMS[name].apply(image, *amount)


# Every transform


@transforms
def test_transform_tells_what_a_person_needs(name: str) -> None:
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
def test_transform_gives_an_image_and_leaves_its_own_alone(name: str, shape: tuple[int, ...]) -> None:
    image = noise(shape)
    kept = image.copy()
    scale = TRANSFORMS[name].amount
    for amount in (scale.low, scale.default, scale.high):
        result = apply(name, image, amount)
        assert (result.dtype, result.ndim, result.shape[2]) == (np.uint8, 3, shape[2])
        assert min(result.shape) >= 1
    np.testing.assert_array_equal(image, kept)


@pytest.mark.parametrize("name", [name for name, entry in TRANSFORMS.items() if entry.amount.neutral is not None])
def test_neutral_amount_changes_nothing(name: str) -> None:
    for shape in ((28, 28, 1), (64, 64, 3)):
        image = noise(shape)
        np.testing.assert_array_equal(apply(name, image, TRANSFORMS[name].amount.neutral), image)


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"crop_box", "random_crop", "resize"}))
@shapes
def test_transform_that_does_not_crop_keeps_the_size(name: str, shape: tuple[int, ...]) -> None:
    image = noise(shape)
    assert apply(name, image, TRANSFORMS[name].amount.default).shape == shape


# Numbers by hand


@pytest.mark.parametrize("name", ["flip_horizontal", "flip_vertical"])
def test_two_flips_are_none(name: str) -> None:
    image = noise((5, 4, 3))
    flipped = apply(name, image, 1)
    assert not np.array_equal(flipped, image)
    np.testing.assert_array_equal(apply(name, flipped, 1), image)


def test_flips_turn_the_right_axis() -> None:
    image = np.array([[1, 2], [3, 4]], np.uint8)[..., np.newaxis]
    assert apply("flip_horizontal", image, 1)[..., 0].tolist() == [[2, 1], [4, 3]]
    assert apply("flip_vertical", image, 1)[..., 0].tolist() == [[3, 4], [1, 2]]


def test_contrast_stretches_around_the_mean_of_each_channel() -> None:
    image = np.array([[[100, 10], [120, 20]], [[140, 30], [160, 240]]], np.uint8)  # means 130 and 75
    assert apply("contrast", image, 2).tolist() == [[[70, 0], [110, 0]], [[150, 0], [190, 255]]]
    assert apply("contrast", image, 0)[..., 0].tolist() == [[130, 130], [130, 130]]


def test_brightness_adds_on_the_scale_of_one() -> None:
    image = pixel(0, 100, 200)
    assert apply("brightness", image, 0.2).ravel().tolist() == [51, 151, 251]
    assert apply("brightness", image, 0.3).ravel().tolist() == [76, 176, 255]  # 76.5 and 176.5 go to the even level
    assert apply("brightness", image, -0.4).ravel().tolist() == [0, 0, 98]


def test_saturation_moves_channels_from_the_largest() -> None:
    # V = 200, S = (200 − 100) / 200 = 0.5: twice that is 1, half of it 0.25.
    image = pixel(200, 100, 150)
    assert apply("saturation", image, 2).ravel().tolist() == [200, 0, 100]
    assert apply("saturation", image, 5).ravel().tolist() == [200, 0, 100]
    assert apply("saturation", image, 0.5).ravel().tolist() == [200, 150, 175]
    assert apply("saturation", image, 0).ravel().tolist() == [200, 200, 200]
    assert apply("saturation", pixel(0, 0, 0), 2).ravel().tolist() == [0, 0, 0]
    assert apply("saturation", pixel(77), 2).ravel().tolist() == [77]


def test_box_is_that_of_the_official_images_and_scales_with_smaller_ones() -> None:
    full, half = noise((218, 178, 3)), noise((109, 89, 3))
    np.testing.assert_array_equal(apply("crop_box", full, 128), full[50:178, 20:148])
    np.testing.assert_array_equal(apply("crop_box", half, 128), half[25:89, 10:74])


def test_central_crop_is_back_at_its_size() -> None:
    image = noise((218, 178, 3))
    assert apply("central_crop", image, 0.7).shape == (218, 178, 3)
    flat = np.zeros((10, 10, 1), np.uint8)
    flat[2:8, 2:8] = 200  # a central crop of 0.6 sees nothing else
    assert (apply("central_crop", flat, 0.6) == 200).all()


def test_random_crop_cuts_squares_from_every_place_there_is() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(4, 3, 1)
    strength = RANDOM["random_crop"].strength
    assert strength
    rng = np.random.default_rng(0)
    tops = {int(apply("random_crop", image, *strength.draw(rng, 1))[0, 0, 0]) for _ in range(60)}
    assert tops == {0, 3}
    corners = {int(apply("random_crop", image, *strength.draw(rng, 0.67))[0, 0, 0]) for _ in range(200)}
    assert corners == {0, 1, 3, 4, 6, 7}


def test_shift_moves_whole_pixels_and_leaves_black() -> None:
    image = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.uint8)[..., np.newaxis]
    assert apply("shift", image, 0.25)[..., 0].tolist() == [[0, 1, 2, 3], [0, 5, 6, 7]]
    assert apply("shift", image, -0.5, 0.5)[..., 0].tolist() == [[0, 0, 0, 0], [3, 4, 0, 0]]


def test_quarter_turn_is_counter_clockwise() -> None:
    image = noise((6, 6, 3))
    np.testing.assert_array_equal(apply("rotation", image, 90), np.rot90(image))


def test_zoom_shows_the_middle_larger_or_a_black_rim() -> None:
    image = np.zeros((8, 8, 1), np.uint8)
    image[2:6, 2:6] = 200
    assert (apply("zoom", image, 2)[1:7, 1:7] == 200).all()
    out = apply("zoom", np.full((8, 8, 1), 200, np.uint8), 0.5)
    assert (out[3:5, 3:5] == 200).all()
    assert not out[0].any()
    assert not out[:, 7].any()


@pytest.mark.training
@pytest.mark.xdist_group("tensorflow")
def test_transforms_agree_with_tensorflow_to_one_grey_level() -> None:
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


# The text


def number_of(name: str) -> st.SearchStrategy[str]:
    scale = RANDOM[name].strength
    assert scale
    return st.floats(scale.low, scale.high).map(lambda value: f"={value:.6f}") | st.just("")


texts = (
    st.lists(st.sampled_from(sorted(RANDOM)), unique=True)
    .flatmap(lambda names: st.tuples(*(number_of(name).map(lambda tail, name=name: name + tail) for name in names)))
    .map(",".join)
)


@given(texts)
def test_canonical_text_means_the_same_and_is_its_own(text: str) -> None:
    pipeline = Pipeline.parse(text)
    assert Pipeline.parse(pipeline.text) == pipeline
    assert Pipeline.parse(pipeline.text).text == pipeline.text
    assert [step.name for step in pipeline.steps] == re.findall("[a-z_]+", text)
    assert RunSpec(augmentation=text).augmentation == pipeline.text


@given(st.text("=,._ab09 é\n-", min_size=1, max_size=30) | st.text(min_size=1, max_size=20))
def test_any_other_text_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        Pipeline.parse(text)
    assert re.fullmatch(r"Expected .* of augmentation .*; got .*\.", str(caught.value), re.DOTALL)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("random_crop", "random_crop=1"),
        ("random_crop,flip_horizontal=0.5", "random_crop=1.0,flip_horizontal=.50"),
        ("rotation=10", "rotation=010.00001"),
    ],
)
def test_texts_that_ask_for_the_same_name_one_run(one: str, other: str) -> None:
    assert RunSpec(augmentation=one).run_id == RunSpec(augmentation=other).run_id


def test_order_of_the_steps_is_kept() -> None:
    assert RunSpec(augmentation="zoom,shift").run_id != RunSpec(augmentation="shift,zoom").run_id


NAMES = ", ".join(map(repr, RANDOM))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("soup=3", f"Expected step 1 of augmentation to be one of {NAMES}; got 'soup=3'."),
        ("zoom,resize=32", f"Expected step 2 of augmentation to be one of {NAMES}; got 'resize=32'."),
        ("rotation=200", "Expected rotation in step 1 of augmentation between 1 and 180 degrees; got 'rotation=200'."),
        ("shift=0", "Expected shift in step 1 of augmentation between 0.01 and 0.5; got 'shift=0'."),
        ("zoom=1.2.3", "Expected zoom in step 1 of augmentation between 0.01 and 1; got 'zoom=1.2.3'."),
        ("zoom,shift,zoom", "Expected each transform of augmentation once; got zoom again in step 3."),
    ],
)  # fmt: skip
def test_step_that_is_off_is_named_with_what_was_expected(text: str, sentence: str) -> None:
    for parse in (Pipeline.parse, lambda text: RunSpec.parse({"augmentation": text})):
        with pytest.raises(SpecError) as caught:
            parse(text)
        assert str(caught.value) == sentence


def test_r5_is_as_published() -> None:
    pipeline = Pipeline.parse(RECIPES["celeba-heads"].spec.augmentation)
    assert [(step.name, step.strength) for step in pipeline.steps] == [("random_crop", 1), ("flip_horizontal", 0.5)]
    image = noise((218, 178, 3))
    seen = pipeline.augment_batch([image], [0], seed=0, epoch=1, side=178)[0]
    places = [image[top : top + 178] for top in range(41)]
    assert any(np.array_equal(seen, place) or np.array_equal(seen, place[:, ::-1]) for place in places)


# What training sees


@random_transforms
@shapes
def test_pipeline_gives_squares_of_the_model(name: str, shape: tuple[int, ...]) -> None:
    images = noise((3, *shape))
    strength = RANDOM[name].strength
    assert strength
    for value in (strength.low, strength.default, strength.high):
        seen = Pipeline.parse(f"{name}={value:g}").augment_batch(images, range(3), seed=1, epoch=1, side=24)
        assert (seen.shape, seen.dtype) == ((3, 24, 24, shape[2]), np.uint8)


@random_transforms
def test_transform_is_random_between_images_epochs_and_seeds(name: str) -> None:
    images = np.repeat(noise((1, 40, 30, 3)), 12, axis=0)

    def look(seed: int, epoch: int) -> NDArray[np.uint8]:
        return Pipeline.parse(name).augment_batch(images, range(12), seed=seed, epoch=epoch, side=16)

    assert len({image.tobytes() for image in look(0, 1)}) > 1
    assert not np.array_equal(look(0, 1), look(0, 2))
    assert not np.array_equal(look(0, 1), look(1, 1))
    np.testing.assert_array_equal(look(0, 1), look(0, 1))


ALL = ",".join(RANDOM)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 19), min_size=1, max_size=8), st.integers(0, 2**31 - 1), st.integers(1, 1000))
def test_image_does_not_depend_on_the_rest_of_its_batch(indices: list[int], seed: int, epoch: int) -> None:
    images = noise((20, 12, 10, 3))
    pipeline = Pipeline.parse(ALL)
    together = pipeline.augment_batch(images[indices], indices, seed=seed, epoch=epoch, side=8)
    for place, index in enumerate(indices):
        alone = pipeline.augment(images[index], make_generator(seed, epoch, index), 8)
        np.testing.assert_array_equal(together[place], alone)


def test_no_steps_only_prepare() -> None:
    images = noise((2, 30, 20, 3))
    seen = Pipeline().augment_batch(images, [5, 6], seed=0, epoch=1, side=16)
    np.testing.assert_array_equal(seen, [prepare(image, 16) for image in images])


def test_empty_batch_stays_empty() -> None:
    assert len(Pipeline.parse("zoom").augment_batch(noise((0, 8, 8, 3)), [], seed=0, epoch=1, side=8)) == 0


def test_images_and_indices_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        Pipeline().augment_batch(noise((2, 8, 8, 1)), [0], seed=0, epoch=1, side=8)


def test_flips_come_as_often_as_asked() -> None:
    image = np.arange(4, dtype=np.uint8).reshape(2, 2, 1)
    images = np.repeat(image[np.newaxis], 2000, axis=0)
    seen = Pipeline.parse("flip_horizontal=0.3").augment_batch(images, range(2000), seed=3, epoch=1, side=2)
    flipped = float(np.mean(seen[:, 0, 0, 0] == 1))
    assert abs(flipped - 0.3) < 4 * (0.3 * 0.7 / 2000) ** 0.5


@pytest.mark.parametrize(
    ("name", "strength", "low", "high"),
    [("contrast", 0.4, 0.6, 1.4), ("brightness", 0.2, -0.2, 0.2), ("rotation", 30, -30, 30), ("zoom", 1, 0.5, 2)],
)
def test_amounts_fill_the_range_of_their_strength(name: str, strength: float, low: float, high: float) -> None:
    scale = RANDOM[name].strength
    assert scale
    rng = np.random.default_rng(0)
    drawn = [scale.draw(rng, strength)[0] for _ in range(2000)]
    assert low <= min(drawn) < low + 0.02 * (high - low)
    assert high - 0.02 * (high - low) < max(drawn) <= high


def test_seen_pixels_stay_what_they_are() -> None:
    """A finished run says what it was trained with: other pixels for the same text would make that untrue."""
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    seen = Pipeline.parse("flip_horizontal=0.5,shift=0.5").augment_batch([image] * 4, range(4), seed=7, epoch=2, side=4)
    assert seen[..., 0].tolist() == SEEN


SEEN = [
    [[0, 0, 0, 0], [9, 6, 3, 0], [21, 18, 15, 12], [33, 30, 27, 24]],
    [[0, 0, 0, 0], [0, 0, 0, 0], [3, 0, 0, 0], [15, 12, 0, 0]],
    [[12, 15, 18, 21], [24, 27, 30, 33], [36, 39, 42, 45], [0, 0, 0, 0]],
    [[9, 6, 3, 0], [21, 18, 15, 12], [33, 30, 27, 24], [45, 42, 39, 36]],
]


# The picture of a run


@pytest.mark.parametrize(("shape", "side"), [((28, 28, 1), 28), ((109, 89, 3), 64), ((256, 256, 3), 224)])
def test_preview_shows_originals_and_five_epochs(shape: tuple[int, ...], side: int) -> None:
    images = noise((4, *shape))
    pipeline = Pipeline.parse("random_crop,rotation=20")
    data = render_preview(pipeline, images, 3, side)
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.mode) == ("PNG", "RGB")
    assert picture.info["Description"] == f"{pipeline.text} · seed 3 · {side} pixels a side"
    assert picture.width < 520
    assert picture.height > 96 * (EPOCHS + 1)
    assert data == render_preview(pipeline, images, 3, side)
    assert data != render_preview(pipeline, images, 4, side)


def test_preview_shows_what_training_sees() -> None:
    images = noise((2, 32, 32, 1))
    pipeline = Pipeline.parse("shift=0.5")
    sheet = np.asarray(Image.open(io.BytesIO(render_preview(pipeline, images, 0, 32, first=10))))[..., 0]
    seen = pipeline.augment_batch(images, [10, 11], seed=0, epoch=5, side=32)[1, ..., 0]
    lowest = np.lib.stride_tricks.sliding_window_view(sheet[-110:], (96, 96))
    assert (lowest == seen.repeat(3, axis=0).repeat(3, axis=1)).all(axis=(2, 3)).any()
