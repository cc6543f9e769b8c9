"""Images and labels as training takes them: from memory-mapped arrays, in an order that seed and epoch fix."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.augment.pipeline import Pipeline
from core.datasets.cache import DatasetInfo, pin
from core.datasets.dataset_view import open_view
from core.datasets.split import compute_split
from core.home import Home
from core.spec import RunSpec


@dataclass(frozen=True)
class Augmentation:
    """A pipeline with what its randomness follows from, and the side of its results."""

    pipeline: Pipeline
    seed: int
    side: int


@dataclass(frozen=True)
class Split:
    """`images` uint8 of shape (images, height, width, channels), or float32 feature maps; on disk until taken.

    `labels` int64 of shape (images,). `first` is the place of the split among the stored images.
    """

    images: NDArray[Any]
    labels: NDArray[np.int64]
    first: int = 0
    augmentation: Augmentation | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int32], epoch: int) -> NDArray[Any]:
        """Images by their place in the split, as training sees them in an epoch (1-based)."""
        images = self.images[rows]
        if self.augmentation is None:
            return images
        found = self.augmentation
        return found.pipeline.augment_batch(images, rows + self.first, seed=found.seed, epoch=epoch, side=found.side)


@dataclass(frozen=True)
class Splits:
    info: DatasetInfo
    train: Split
    validation: Split
    test: Split


def load_splits(home: Home, spec: RunSpec) -> Splits:
    """
    Raises:
        DatasetError: when the dataset is not here, or its arrays are not those that `spec.data` names.
        SpecError: when the images are too few to split.
    """
    pin(home, spec)
    view = open_view(home, spec)
    train, validation = compute_split(spec, view.info.train_count, view.info.validation_count)
    images, augmentation = view.train_images, None
    if spec.augmentation:
        images = open_view(home, spec, native=True).train_images
        side = view.info.input_shape[0]
        augmentation = Augmentation(Pipeline.parse(spec.augmentation), spec.seed, side)

    def part(images: NDArray[np.uint8], rows: range, augmentation: Augmentation | None = None) -> Split:
        chosen = slice(rows.start, rows.stop)
        return Split(images[chosen], np.asarray(view.train_labels[chosen]), rows.start, augmentation)

    return Splits(
        view.info,
        part(images, train, augmentation),
        part(view.train_images, validation),
        Split(view.test_images, np.asarray(view.test_labels)),
    )


def describe_data(images: NDArray[Any]) -> tf.TensorSpec:
    """Any number of images like these."""
    return tf.TensorSpec((None, *images.shape[1:]), images.dtype)


def scale(images: tf.Tensor) -> tf.Tensor:
    """From uint8 0..255 to float32 0..1; feature maps stay what they are."""
    return tf.cast(images, tf.float32) / 255.0 if images.dtype == tf.uint8 else images


def compute_order(seed: int, epoch: int, count: int) -> NDArray[np.int32]:
    """A permutation of `count` images that follows from seed and epoch alone: a resumed training sees the same one."""
    return np.random.default_rng((seed, epoch)).permutation(count).astype(np.int32)
