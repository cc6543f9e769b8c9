"""Corruptions of test images for the robustness evaluation, with increasing severity and equal for all models."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.augment.pipeline import make_generator
from core.augment.transform import Image
from core.spec import TRANSFORMS

MAX_IMAGES = 200
BATCH = 50  # images per batch; the number of evaluated images is a multiple of it
LEAST_IMAGES = 50
MAX_FLOPS = 1e12  # about 15 s on one core

Spread = Callable[[Image, float, float, float], tuple[float, ...]]


@dataclass(frozen=True)
class Corruption:
    """A transform with the severities (values) that it is evaluated at.

    Attributes:
        neutral: the value that leaves images unchanged.
        usual: the value that summaries report.
        spread: `spread(image, value, u, v)` returns the amounts of the transform; `u` and `v` in [0, 1) are drawn per
            image and determine the direction or the position.
        phrase: format string of a description, such as "shifted by {:g} px".
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
        """Return test image `index`, uint8 of shape (height, width, channels), corrupted; equal for all models."""
        if value == self.neutral:
            return image
        return TRANSFORMS[self.transform].apply(image, *self.spread(image, value, *_draw(self.name, index)))

    def write(self, value: float) -> str:
        """Return a description, such as "shifted by 4 px"."""
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
               "rotated by {:g}°"),
        Corruption("scale", "Scale", "scale factor", (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2), 1, 0.7, "zoom",
               _same, "scaled by {:g}×"),
        Corruption("noise", "Noise", "standard deviation", (0, 0.05, 0.1, 0.2, 0.3, 0.4), 0, 0.2, "noise", _seeded,
               "with noise (σ = {:g})"),
        Corruption("blur", "Blur", "pixels", (0, 0.5, 1, 1.5, 2, 3), 0, 1.5, "blur", _same, "blurred by {:g} px"),
        Corruption("contrast", "Contrast", "contrast factor", (0.05, 0.1, 0.25, 0.5, 0.75, 1), 1, 0.25, "contrast",
               _same, "at {:g}× contrast"),
        Corruption("occlusion", "Occlusion", "fraction of each side", (0, 0.1, 0.2, 0.3, 0.4, 0.5), 0, 0.3, "occlusion",
               _anywhere, "occluded by {0:.0%} × {0:.0%}"),
    )
}  # fmt: skip
"""Corruptions in display order. robustness.npz of a run stores the name and the value of each of its rows."""


def list_rows() -> list[tuple[str, float]]:
    """Return the name and value of each row of predictions; clean images are the first row, with an empty name."""
    return [("", 0.0)] + [
        (corruption.name, value)
        for corruption in CORRUPTIONS.values()
        for value in corruption.values
        if value != corruption.neutral
    ]


def select_corrupted_images(test_images: int, flops: int) -> NDArray[np.int32]:
    """Return the indices of the evaluated test images for a model with `flops` per image, in ascending order.

    MAX_IMAGES images, or fewer within the budget of MAX_FLOPS; none if the budget is too small for LEAST_IMAGES. The
    images of a smaller set are a subset of those of a larger one.
    """
    budget = int(MAX_FLOPS / (len(list_rows()) * max(flops, 1)))
    count = min(MAX_IMAGES, budget // BATCH * BATCH)
    order = np.random.default_rng(0).permutation(test_images)
    return np.sort(order[: count if count >= LEAST_IMAGES else 0]).astype(np.int32)
