"""Augmentation as text and as applied in training."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.augment.pipeline import Pipeline, make_generator
from core.augment.prepare import prepare
from core.errors import SpecError
from core.recipes import RECIPES
from core.spec import RunSpec
from tests.support.pixels import RANDOM, noise, shapes

random_transforms = pytest.mark.parametrize("name", RANDOM)


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
def test_canonical_text_is_equivalent_and_stable(text: str) -> None:
    pipeline = Pipeline.parse(text)
    assert Pipeline.parse(pipeline.text) == pipeline
    assert Pipeline.parse(pipeline.text).text == pipeline.text
    assert [step.name for step in pipeline.steps] == re.findall("[a-z_]+", text)
    assert RunSpec(augmentation=text).augmentation == pipeline.text


@given(st.text("=,._ab09 é\n-", min_size=1, max_size=30) | st.text(min_size=1, max_size=20))
def test_invalid_text_is_rejected_with_an_error_message(text: str) -> None:
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
def test_equivalent_texts_give_the_same_run_id(one: str, other: str) -> None:
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
        ("zoom,shift,zoom", "Expected each transform of augmentation only once; got zoom again in step 3."),
    ],
)  # fmt: skip
def test_invalid_step_is_reported_with_the_expected_form(text: str, sentence: str) -> None:
    for parse in (Pipeline.parse, lambda text: RunSpec.parse({"augmentation": text})):
        with pytest.raises(SpecError) as caught:
            parse(text)
        assert str(caught.value) == sentence


def test_celeba_gender_pipeline_is_as_published() -> None:
    pipeline = Pipeline.parse(RECIPES["celeba-heads"].spec.augmentation)
    assert [(step.name, step.strength) for step in pipeline.steps] == [("random_crop", 1), ("flip_horizontal", 0.5)]
    image = noise((218, 178, 3))
    seen = pipeline.augment_batch([image], [0], seed=0, epoch=1, side=178)[0]
    crops = [image[top : top + 178] for top in range(41)]
    assert any(np.array_equal(seen, crop) or np.array_equal(seen, crop[:, ::-1]) for crop in crops)


# Images in training


@random_transforms
@shapes
def test_pipeline_returns_squares_of_the_models_size(name: str, shape: tuple[int, ...]) -> None:
    images = noise((3, *shape))
    strength = RANDOM[name].strength
    assert strength
    for value in (strength.low, strength.default, strength.high):
        seen = Pipeline.parse(f"{name}={value:g}").augment_batch(images, range(3), seed=1, epoch=1, side=24)
        assert (seen.shape, seen.dtype) == ((3, 24, 24, shape[2]), np.uint8)


@random_transforms
def test_transform_varies_between_images_epochs_and_seeds(name: str) -> None:
    images = np.repeat(noise((1, 40, 30, 3)), 12, axis=0)

    def run(seed: int, epoch: int) -> NDArray[np.uint8]:
        return Pipeline.parse(name).augment_batch(images, range(12), seed=seed, epoch=epoch, side=16)

    assert len({image.tobytes() for image in run(0, 1)}) > 1
    assert not np.array_equal(run(0, 1), run(0, 2))
    assert not np.array_equal(run(0, 1), run(1, 1))
    np.testing.assert_array_equal(run(0, 1), run(0, 1))


ALL = ",".join(RANDOM)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 19), min_size=1, max_size=8), st.integers(0, 2**31 - 1), st.integers(1, 1000))
def test_image_does_not_depend_on_the_rest_of_its_batch(indices: list[int], seed: int, epoch: int) -> None:
    images = noise((20, 12, 10, 3))
    pipeline = Pipeline.parse(ALL)
    together = pipeline.augment_batch(images[indices], indices, seed=seed, epoch=epoch, side=8)
    for crop, index in enumerate(indices):
        alone = pipeline.augment(images[index], make_generator(seed, epoch, index), 8)
        np.testing.assert_array_equal(together[crop], alone)


def test_empty_pipeline_only_prepares() -> None:
    images = noise((2, 30, 20, 3))
    seen = Pipeline().augment_batch(images, [5, 6], seed=0, epoch=1, side=16)
    np.testing.assert_array_equal(seen, [prepare(image, 16) for image in images])


def test_empty_batch_stays_empty() -> None:
    assert len(Pipeline.parse("zoom").augment_batch(noise((0, 8, 8, 3)), [], seed=0, epoch=1, side=8)) == 0


def test_numbers_of_images_and_indices_must_match() -> None:
    with pytest.raises(ValueError, match="zip"):
        Pipeline().augment_batch(noise((2, 8, 8, 1)), [0], seed=0, epoch=1, side=8)


def test_flips_occur_at_the_given_rate() -> None:
    image = np.arange(4, dtype=np.uint8).reshape(2, 2, 1)
    images = np.repeat(image[np.newaxis], 2000, axis=0)
    seen = Pipeline.parse("flip_horizontal=0.3").augment_batch(images, range(2000), seed=3, epoch=1, side=2)
    flipped = float(np.mean(seen[:, 0, 0, 0] == 1))
    assert abs(flipped - 0.3) < 4 * (0.3 * 0.7 / 2000) ** 0.5


@pytest.mark.parametrize(
    ("name", "strength", "low", "high"),
    [("contrast", 0.4, 0.6, 1.4), ("brightness", 0.2, -0.2, 0.2), ("rotation", 30, -30, 30), ("zoom", 1, 0.5, 2)],
)
def test_values_cover_the_range_of_their_strength(name: str, strength: float, low: float, high: float) -> None:
    scale = RANDOM[name].strength
    assert scale
    rng = np.random.default_rng(0)
    drawn = [scale.draw(rng, strength)[0] for _ in range(2000)]
    assert low <= min(drawn) < low + 0.02 * (high - low)
    assert high - 0.02 * (high - low) < max(drawn) <= high


def test_training_pixels_stay_unchanged() -> None:
    """Other pixels for the same text would make the spec of finished runs wrong."""
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    seen = Pipeline.parse("flip_horizontal=0.5,shift=0.5").augment_batch([image] * 4, range(4), seed=7, epoch=2, side=4)
    assert seen[..., 0].tolist() == SEEN


SEEN = [
    [[0, 0, 0, 0], [9, 6, 3, 0], [21, 18, 15, 12], [33, 30, 27, 24]],
    [[0, 0, 0, 0], [0, 0, 0, 0], [3, 0, 0, 0], [15, 12, 0, 0]],
    [[12, 15, 18, 21], [24, 27, 30, 33], [36, 39, 42, 45], [0, 0, 0, 0]],
    [[9, 6, 3, 0], [21, 18, 15, 12], [33, 30, 27, 24], [45, 42, 39, 36]],
]
