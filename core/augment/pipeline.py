"""Random transforms in their order, as training and pages run them: what an image becomes follows from its numbers."""

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
    """Steps that change an image at random, then `prepare`."""

    steps: tuple[TransformStep, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From a text such as «random_crop,flip_horizontal=0.5»; the empty text has no steps.

        Raises:
            SpecError: names the step that is off, with what was expected.
        """
        return cls(read_steps(text, TRANSFORMS))

    @property
    def text(self) -> str:
        """The canonical text, the same for all texts that ask for the same."""
        return write_steps(self.steps)

    def augment(self, image: Images, rng: np.random.Generator, side: int) -> Images:
        """An image, uint8 of shape (height, width, channels), changed by what `rng` says: (side, side, channels)."""
        for step in self.steps:
            image = TRANSFORMS[step.name].draw(image, rng, step.strength)
        return prepare(image, side)

    def augment_batch(
        self, images: Images | Sequence[Images], indices: Sequence[int] | NDArray[np.integer],
        *, seed: int, epoch: int, side: int,
    ) -> Images:  # fmt: skip
        """What training with a seed sees of some images in an epoch.

        An image's changes follow from seed, epoch and its index alone, whatever else is in the batch: training that
        was interrupted and goes on sees the same as training that was not.

        Args:
            images: uint8 of shape (images, height, width, channels).
            indices: the place of each image in the training split.
            epoch: counted from 1.

        Returns:
            uint8 of shape (images, side, side, channels).
        """
        changed = np.empty((len(images), side, side, images[0].shape[-1] if len(images) else 1), np.uint8)
        for place, (image, index) in enumerate(zip(images, indices, strict=True)):
            changed[place] = self.augment(image, make_generator(seed, epoch, int(index)), side)
        return changed


def make_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The randomness of one image in one epoch: Philox, whose streams for different keys and counters never meet."""
    return np.random.Generator(np.random.Philox(key=[seed, epoch], counter=[0, 0, 0, index]))
