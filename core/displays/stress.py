"""Test images under a stress, as the models saw them."""

from core.augment.stress import Stress
from core.datasets.view import open_view
from core.displays.augmentation import Row, build_strip
from core.errors import DatasetError
from core.home import Home
from core.store.run import Run

_IMAGES = 2


def build_stress_strip(home: Home, run: Run, stress: Stress) -> str:
    """The first images that the run was put to, a row each, under the stress from its first value to its last: HTML.

    Raises:
        DatasetError: when the dataset is not here, or is not the one that the run was tested on.
    """
    view = open_view(home, run.spec)
    if view.info.fingerprint != run.record.data.fingerprint:
        raise DatasetError(
            f"Expected the data with fingerprint {run.record.data.fingerprint} to show images; got "
            f"{view.info.fingerprint}."
        )
    robustness = run.robustness
    places = [] if robustness is None else [int(place) for place in robustness.images[:_IMAGES]]
    rows = [
        Row(
            "",
            [stress.apply(view.test_images[place], value, place) for value in stress.values],
            [f"test image {place}, {stress.write(value)}" for value in stress.values],
        )
        for place in places
    ]
    return build_strip(rows, labels=False, cell_pixels=84)
