"""The split of training images."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.split import compute_split
from core.errors import SpecError
from core.spec import RunSpec


@pytest.mark.parametrize(
    ("count", "fraction", "split_at"),  # of keras.src.trainers.data_adapters.array_slicing.train_validation_split
    [(60_000, 0.2, 48_000), (8000, 0.2, 6400), (1437, 0.2, 1149), (10_000, 0.9, 999), (20, 0.01, 19), (1000, 0.7, 300)],
)
def test_split_equals_that_of_keras(count: int, fraction: float, split_at: int) -> None:
    spec = RunSpec(train_images=count, validation_fraction=fraction)
    assert compute_split(spec, 60_000) == (range(split_at), range(split_at, count))


@given(st.integers(20, 70_000), st.floats(0.01, 0.9))
def test_split_parts_are_not_empty_and_contiguous(count: int, fraction: float) -> None:
    train, validation = compute_split(RunSpec(validation_fraction=fraction), count)
    assert (train.start, train.stop, validation.stop) == (0, validation.start, count)
    assert len(train) > 0
    assert abs(len(validation) - count * fraction) <= 1


def test_split_larger_than_the_dataset_is_rejected() -> None:
    with pytest.raises(SpecError) as error:
        compute_split(RunSpec(train_images=5000), 1437)
    assert str(error.value) == "Expected train_images between 20 and 1437 for digits; got 5000."


@pytest.mark.parametrize("most", [0, 1, 2, 18, 19])
def test_too_small_dataset_is_named(most: int) -> None:
    """Never an empty range such as "between 20 and 18"."""
    images = "1 training image" if most == 1 else f"{most} training images"
    with pytest.raises(SpecError, match=f"^The dataset digits is too small for this setting: it has {images}, "):
        compute_split(RunSpec(train_images=20), most)
    for fraction in (0.01, 0.9):
        with contextlib.suppress(SpecError):
            compute_split(RunSpec(validation_fraction=fraction), most)
