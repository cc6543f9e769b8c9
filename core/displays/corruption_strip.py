"""Test images under a stress, as the models saw them."""

from core.analysis.activation import prepare_images
from core.augment.corruption import Corruption
from core.displays.image_strip import Row, build_strip
from core.home import Home
from core.store.run import Run
from core.store.thumbnail import load_test_images

_IMAGES = 2


def build_corruption_strip(home: Home, run: Run, corruption: Corruption) -> str:
    """The first images that the run was put to, a row each, under the stress from its first value to its last: HTML.

    Raises:
        DatasetError: when neither the dataset nor pictures of it as they are stored are here.
    """
    stored, robustness = load_test_images(home, run, exact=True), run.robustness
    assert robustness
    places = [int(place) for place in robustness.images[:_IMAGES]]
    rows = [
        Row(
            "",
            [corruption.apply(image, value, place) for value in corruption.values],
            [f"test image {place}, {corruption.write(value)}" for value in corruption.values],
        )
        for place, image in zip(places, prepare_images(run, [stored[place] for place in places]), strict=True)
    ]
    return build_strip(rows, labels=False, cell_pixels=84)
