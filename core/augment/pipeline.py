"""Augmentation pipelines: sequences of random transforms, reproducible for each seed, epoch and image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.augment.prepare import prepare
from core.spec import TRANSFORMS
from core.transform_step import TransformStep, read_steps, write_steps

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Pipeline:
    """Sequence of random transforms, followed by `prepare`."""

    steps: tuple[TransformStep, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a text such as "random_crop,flip_horizontal=0.5"; an empty text has no steps.

        Raises:
            SpecError: if a step is invalid.
        """
        return cls(read_steps(text, TRANSFORMS))

    @property
    def text(self) -> str:
        """Canonical text: equal pipelines have equal texts."""
        return write_steps(self.steps)

    def augment(self, image: Images, rng: "np.random.Generator", side: int) -> Images:
        """Augment an image, uint8 of shape (height, width, channels); returns (side, side, channels)."""
        for step in self.steps:
            image = TRANSFORMS[step.name].draw(image, rng, step.strength)
        return prepare(image, side)

    def augment_batch(
        self, images: Images | Sequence[Images], indices: Sequence[int] | NDArray[np.integer],
        *, seed: int, epoch: int, side: int,
    ) -> Images:  # fmt: skip
        """Augment the images of a batch as in training with `seed` in `epoch`.

        The result depends only on the seed, the epoch and the index of the image, not on the rest of the batch. A
        training run that is interrupted and resumed therefore uses the same images.

        Args:
            images: uint8 of shape (images, height, width, channels).
            indices: index of each image in the training split.
            epoch: counted from 1.

        Returns:
            uint8 of shape (images, side, side, channels).
        """
        augmented = np.empty((len(images), side, side, images[0].shape[-1] if len(images) else 1), np.uint8)
        for row, (image, index) in enumerate(zip(images, indices, strict=True)):
            augmented[row] = self.augment(image, make_generator(seed, epoch, int(index)), side)
        return augmented


def make_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """Return the random generator of an image in an epoch: Philox with independent streams for each key and counter."""
    return np.random.Generator(np.random.Philox(key=[seed, epoch], counter=[0, 0, 0, index]))
