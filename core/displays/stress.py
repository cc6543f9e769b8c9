"""Test images under a stress, as the models saw them."""

from core.analysis.look import see
from core.augment.stress import Stress
from core.displays.augmentation import Row, build_strip
from core.home import Home
from core.store.run import Run
from core.store.thumbnail import load_test_images

_IMAGES = 2


def build_stress_strip(home: Home, run: Run, stress: Stress) -> str:
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
            [stress.apply(image, value, place) for value in stress.values],
            [f"test image {place}, {stress.write(value)}" for value in stress.values],
        )
        for place, image in zip(places, see(run, [stored[place] for place in places]), strict=True)
    ]
    return build_strip(rows, labels=False, cell_pixels=84)
