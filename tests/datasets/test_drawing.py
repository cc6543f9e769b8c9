"""Drawings in the size and with the background of a dataset."""

from pathlib import Path

import numpy as np
import pytest

from core.datasets.drawing import fit_drawing
from core.errors import DatasetError
from core.spec import DATASETS
from tests.support.activation import seven

DRAWN = {"mnist", "digits", "kmnist", "fashion_mnist", "k49", "usps"}
DRAWN |= {f"emnist_{variant}" for variant in ("balanced", "byclass", "bymerge", "digits", "letters", "mnist")}


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_drawing_has_the_size_and_background_of_the_dataset(name: str) -> None:
    drawing = DATASETS[name].drawing
    assert drawing
    side = DATASETS[name].input_shape[0]
    image = fit_drawing(seven()[..., np.newaxis], drawing, side)
    assert (image.shape, image.dtype) == ((side, side, 1), np.uint8)
    assert image.max() > 200
    np.testing.assert_array_equal(image, fit_drawing(seven(0, 255)[..., np.newaxis], drawing, side))


def test_only_datasets_of_drawings_have_a_canvas() -> None:
    assert {name for name, dataset in DATASETS.items() if dataset.drawing} == DRAWN


def test_images_of_mnist_stay_almost_unchanged(test_data: Path) -> None:
    """MNIST was created in the same way; Pillow's rounding moves some images by at most one pixel."""
    drawing = DATASETS["mnist"].drawing
    assert drawing
    with np.load(test_data / "mnist.npz") as arrays:
        images = arrays["x_test"][:300, ..., np.newaxis]
    found = np.stack([fit_drawing(image, drawing, 28) for image in images])
    assert np.mean(np.abs(found.astype(int) - images).mean(axis=(1, 2, 3)) < 1) > 0.97


@pytest.mark.parametrize("position", [(0, 0), (0, 27), (27, 13), (13, 13)])
def test_single_dot_fills_the_box_at_any_position(position: tuple[int, int]) -> None:
    drawing = DATASETS["mnist"].drawing
    assert drawing
    dot = np.zeros((28, 28, 1), np.uint8)
    dot[position] = 255
    image = fit_drawing(dot, drawing, 28)
    assert (image > 0).sum() == 20 * 20


@pytest.mark.parametrize("level", [0, 90, 255])
def test_empty_drawing_is_rejected(level: int) -> None:
    drawing = DATASETS["mnist"].drawing
    assert drawing
    with pytest.raises(DatasetError, match=r"^The drawing is empty"):
        fit_drawing(np.full((50, 40, 1), level, np.uint8), drawing, 28)
