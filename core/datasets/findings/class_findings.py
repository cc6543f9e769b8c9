"""Findings about the classes of a dataset: missing ones, strong imbalance, and too few test images."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.datasets.report import DataFinding
from core.interval import compute_wilson
from core.plural import format_plural

STRONG_IMBALANCE = 10
"""Images of the largest class per image of the smallest one from which a dataset is strongly imbalanced."""
FEW_TEST_IMAGES = 141
"""Fewer test images have, at an accuracy of 90%, a 95% confidence interval of more than ± 5 percentage points."""

_MOST_NAMES = 4
_TYPICAL = 0.9

Labels = NDArray[np.int64]


def find_class_problems(train: Labels, validation: Labels, test: Labels, classes: Sequence[str]) -> list[DataFinding]:
    """Return the findings about classes; each argument has the labels of a split, int64 of shape (images,)."""
    counts = [np.bincount(labels, minlength=len(classes)) for labels in (train, validation, test)]
    return [*_find_missing(counts, classes), *_find_imbalance(counts, classes), *_find_few_test_images(len(test))]


def _find_missing(counts: list[NDArray[np.int64]], classes: Sequence[str]) -> Iterator[DataFinding]:
    """Find classes that a split lacks. The count is that of their images in all splits."""
    for part, (name, severity, effect) in zip(
        counts,
        (
            ("training", "error", "no model can learn them."),
            ("validation", "note", "they do not count in the choice of the epoch or of the baseline."),
            ("test", "warning", "the accuracy does not cover them."),
        ),
        strict=True,
    ):
        missing = np.flatnonzero(part == 0)
        if len(missing) and part.sum():
            listed = ", ".join(f'"{classes[label]}"' for label in missing[:_MOST_NAMES])
            more = f" and {len(missing) - _MOST_NAMES:,} more" if len(missing) > _MOST_NAMES else ""
            verb = "has" if len(missing) == 1 else "have"
            message = f"{len(missing):,} of {len(classes):,} classes {verb} no {name} images ({listed}{more}): {effect}"
            images = int(sum(counts)[missing].sum())  # type: ignore[index]
            yield DataFinding(code=f"classes_without_{name}_images", severity=severity, count=images, message=message)


def _find_imbalance(counts: list[NDArray[np.int64]], classes: Sequence[str]) -> Iterator[DataFinding]:
    """Find a largest class that is many times as large as the smallest one that has images, in all splits together."""
    sizes = np.sum(counts, axis=0)
    present = np.flatnonzero(sizes)
    largest, smallest = int(np.argmax(sizes)), int(present[np.argmin(sizes[present])])
    if sizes[largest] < STRONG_IMBALANCE * sizes[smallest]:
        return
    images = format_plural(int(sizes[largest]), "image")
    message = (
        f'The class "{classes[largest]}" has {images} and "{classes[smallest]}" {sizes[smallest]:,}: '
        f"always predicting the largest class is correct for {sizes[largest] / sizes.sum():.0%} of all images."
    )
    yield DataFinding(code="imbalanced_classes", severity="warning", count=int(sizes[largest]), message=message)


def _find_few_test_images(count: int) -> Iterator[DataFinding]:
    if count < FEW_TEST_IMAGES:
        message = f"{describe_test_images(count)}."
        yield DataFinding(code="few_test_images", severity="warning", count=count, message=message)


def describe_test_images(count: int) -> str:
    """Describe the confidence interval that a number of test images allows (Wilson score interval).

    >>> describe_test_images(8)
    '8 test images are few: with 7 of them correct, the accuracy has a 95% confidence interval from 52.9% to 97.8%'
    """
    correct = round(_TYPICAL * count)
    low, high = compute_wilson(correct, count)
    few = f"{format_plural(count, 'test image')} {'is' if count == 1 else 'are'} few"
    images = few if count < FEW_TEST_IMAGES else f"The {count:,} test images are enough"
    return (
        f"{images}: with {correct:,} of them correct, the accuracy has a 95% confidence interval from {float(low):.1%} "
        f"to {float(high):.1%}"
    )
