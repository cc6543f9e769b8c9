"""Corrupted test images as the models receive them."""

from core.analysis.activation import prepare_images
from core.augment.corruption import Corruption
from core.displays.image_strip import Row, build_strip
from core.home import Home
from core.store.run import Run
from core.store.thumbnail import load_test_images

_IMAGES = 2


def build_corruption_strip(home: Home, run: Run, corruption: Corruption) -> str:
    """Return the first evaluated images as HTML, one row per image and one column per severity of the corruption.

    Raises:
        DatasetError: when neither the dataset nor stored copies of these images are available.
    """
    stored, robustness = load_test_images(home, run, exact=True), run.robustness
    assert robustness
    indices = [int(index) for index in robustness.images[:_IMAGES]]
    rows = [
        Row(
            "",
            [corruption.apply(image, value, index) for value in corruption.values],
            [f"test image {index}, {corruption.write(value)}" for value in corruption.values],
        )
        for index, image in zip(indices, prepare_images(run, [stored[index] for index in indices]), strict=True)
    ]
    return build_strip(rows, labels=False, cell_pixels=84)
