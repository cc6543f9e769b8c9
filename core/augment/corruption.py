"""Stresses: transforms that make test images harder, at rising amounts, the same for every model."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.augment.pipeline import make_generator
from core.augment.transform import Image
from core.spec import TRANSFORMS

MOST_IMAGES = 200
BATCH = 50  # images that a model is put to at a time; their number is a multiple of it, if there are so many
LEAST_IMAGES = 50
MOST_FLOPS = 1e12  # a quarter of a minute or so on one core, whatever the model

Spread = Callable[[Image, float, float, float], tuple[float, ...]]


@dataclass(frozen=True)
class Corruption:
    """A transform and the values that it is looked at with.

    `neutral` is the one that changes nothing, `usual` the one that a summary speaks of. `spread(image, value, u, v)`
    turns a value into the transform's amounts, with two numbers from 0 to 1 that are drawn for each image and say in
    which direction or at which place.
    """

    name: str
    label: str
    unit: str
    values: tuple[float, ...]
    neutral: float
    usual: float
    transform: str
    spread: Spread
    phrase: str

    def apply(self, image: Image, value: float, index: int) -> Image:
        """Test image `index`, uint8 of shape (height, width, channels), under this stress: the same for every model."""
        if value == self.neutral:
            return image
        return TRANSFORMS[self.transform].apply(image, *self.spread(image, value, *_draw(self.name, index)))

    def write(self, value: float) -> str:
        """«shifted by 4 pixels»."""
        return self.phrase.format(value)


@lru_cache(maxsize=8192)
def _draw(name: str, index: int) -> tuple[float, float]:
    u, v = make_generator(0, list(CORRUPTIONS).index(name), index).random(2)
    return float(u), float(v)


def _shift(image: Image, pixels: float, u: float, v: float) -> tuple[float, ...]:
    height, width, _ = image.shape
    right, down = ((1, 0), (-1, 0), (0, 1), (0, -1))[int(4 * u)]
    return right * pixels / width, down * pixels / height


def _either_way(image: Image, value: float, u: float, v: float) -> tuple[float, ...]:
    return (value if u < 0.5 else -value,)


def _same(image: Image, value: float, u: float, v: float) -> tuple[float, ...]:
    return (value,)


def _seeded(image: Image, value: float, u: float, v: float) -> tuple[float, ...]:
    return value, float(int(u * 2**32))


def _anywhere(image: Image, value: float, u: float, v: float) -> tuple[float, ...]:
    return value, u, v


CORRUPTIONS = {
    corruption.name: corruption
    for corruption in (
        Corruption("shift", "Shift", "pixels", tuple(range(9)), 0, 4, "shift", _shift, "shifted by {:g} px"),
        Corruption("rotation", "Rotation", "degrees", (0, 5, 10, 15, 20, 30, 45), 0, 20, "rotation", _either_way,
               "turned by {:g}°"),
        Corruption("scale", "Scale", "times as large", (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2), 1, 0.7, "zoom",
               _same, "at {:g}× the size"),
        Corruption("noise", "Noise", "deviation, white is 1", (0, 0.05, 0.1, 0.2, 0.3, 0.4), 0, 0.2, "noise", _seeded,
               "with noise of {:g}"),
        Corruption("blur", "Blur", "pixels", (0, 0.5, 1, 1.5, 2, 3), 0, 1.5, "blur", _same, "blurred by {:g} px"),
        Corruption("contrast", "Contrast", "times as strong", (0.05, 0.1, 0.25, 0.5, 0.75, 1), 1, 0.25, "contrast", _same,
               "at {:g}× the contrast"),
        Corruption("occlusion", "Occlusion", "share of both sides", (0, 0.1, 0.2, 0.3, 0.4, 0.5), 0, 0.3, "occlusion",
               _anywhere, "covered by {0:.0%} × {0:.0%}"),
    )
}  # fmt: skip
"""In the order in which they are shown. A run's file names the stress and the value of each of its rows."""


def list_rows() -> list[tuple[str, float]]:
    """Name and value of every row of answers; the unchanged image comes first, once, under the empty name."""
    return [("", 0.0)] + [
        (corruption.name, value)
        for corruption in CORRUPTIONS.values()
        for value in corruption.values
        if value != corruption.neutral
    ]


def select_corrupted_images(test_images: int, flops: int) -> NDArray[np.int32]:
    """Places of the test images that a model of so many FLOPs an image is looked at with, in rising order.

    The same ones for models of like size; fewer where MOST_FLOPS would not do for MOST_IMAGES, none where it would not
    do for LEAST_IMAGES.
    """
    room = int(MOST_FLOPS / (len(list_rows()) * max(flops, 1)))
    count = min(MOST_IMAGES, room // BATCH * BATCH)
    order = np.random.default_rng(0).permutation(test_images)
    return np.sort(order[: count if count >= LEAST_IMAGES else 0]).astype(np.int32)
