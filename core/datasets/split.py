"""Split of the training images into training and validation."""

import math

from core.errors import SpecError
from core.spec import SETTINGS, RunSpec


def compute_split(spec: RunSpec, train_count: int, own_validation: int = 0) -> tuple[range, range]:
    """Return the indices of the training and the validation images among `train_count` images.

    With a predefined validation split, which is at the end of the training split, the first `train_images` other
    images are used for training and the first `validation_images` of that split for validation. Otherwise the first
    `train_images` are used (default: all), and the last `validation_images` or `validation_fraction` of them for
    validation. The fraction is rounded like `validation_split` of Keras' `Model.fit`
    (`keras/src/trainers/data_adapters/array_slicing.py`).

    Args:
        own_validation: Size of the predefined validation split; 0 without one.

    Raises:
        SpecError: when there are not enough images.

    >>> compute_split(RunSpec(train_images=1000), 1437)
    (range(0, 800), range(800, 1000))
    >>> compute_split(RunSpec(train_images=500, validation_images=100), 1200, own_validation=200)
    (range(0, 500), range(1000, 1100))
    """
    most = train_count - own_validation
    count = most if spec.train_images is None else spec.train_images
    if count > most:
        _check_enough(most, spec.dataset)
        low = SETTINGS["train_images"].low
        raise SpecError(f"Expected train_images between {low:g} and {most} for {spec.dataset}; got {count}.")
    if own_validation:
        kept = own_validation if spec.validation_images is None else spec.validation_images
        if kept > own_validation:
            raise SpecError(
                f"Expected validation_images between 1 and {own_validation} for {spec.dataset}; got {kept}."
            )
        return range(count), range(most, most + kept)
    wanted = spec.validation_images
    split_at = math.floor(count * (1.0 - spec.validation_fraction)) if wanted is None else count - wanted
    if not 0 < split_at < count:
        if wanted is None:
            _check_enough(most, spec.dataset)
            low = SETTINGS["train_images"].low
            raise SpecError(f"Expected train_images between {low:g} and {most} for {spec.dataset}; got {count}.")
        raise SpecError(f"Expected validation_images below the {count} training images; got {wanted}.")
    return range(split_at), range(split_at, count)


def count_splits(train_count: int, validation_count: int, test_count: int) -> dict[str, int]:
    """Return the number of training images without those for validation, of validation and of test images.

    Args:
        train_count: Number of training images with those for validation.
        validation_count: Size of the predefined validation split; 0 without one, for the one that training uses by
            default.

    >>> count_splits(1000, 0, 200), count_splits(1000, 250, 200)
    ({'train': 800, 'validation': 200, 'test': 200}, {'train': 750, 'validation': 250, 'test': 200})
    """
    if not validation_count and train_count > 1:
        validation_count = len(compute_split(RunSpec(), train_count)[1])
    return {"train": train_count - validation_count, "validation": validation_count, "test": test_count}


def _check_enough(most: int, dataset: str) -> None:
    low = SETTINGS["train_images"].low or 1
    if most < low:
        images = "1 training image" if most == 1 else f"{most} training images"
        raise SpecError(
            f"The dataset {dataset} is too small for this setting: it has {images}, and the smallest number for "
            f"train_images is {low:g}. Use all images, or add more."
        )
