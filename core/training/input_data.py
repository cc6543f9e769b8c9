"""Training data: images and labels from memory-mapped arrays, in an order given by seed and epoch."""

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
    """A pipeline with its random seed and the side length of its output."""

    pipeline: Pipeline
    seed: int
    side: int


@dataclass(frozen=True)
class Split:
    """Images and labels of a split.

    `images` is uint8, shape (images, height, width, channels), or float32 feature maps; memory-mapped. `labels` is
    int64, shape (images,). `first` is the index of the first image of the split in the stored array.
    """

    images: NDArray[Any]
    labels: NDArray[np.int64]
    first: int = 0
    augmentation: Augmentation | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int32], epoch: int) -> NDArray[Any]:
        """Return images by their index in the split, augmented for an epoch (1-based)."""
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
    """Load the splits of a spec.

    Raises:
        DatasetError: when the dataset is not available, or its fingerprint is not `spec.data`.
        SpecError: when there are too few images to split.
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
    """Return the TensorSpec of any number of images with the shape and type of `images`."""
    return tf.TensorSpec((None, *images.shape[1:]), images.dtype)


def scale(images: tf.Tensor) -> tf.Tensor:
    """Scale uint8 images from 0..255 to float32 0..1; feature maps are unchanged."""
    return tf.cast(images, tf.float32) / 255.0 if images.dtype == tf.uint8 else images


def compute_order(seed: int, epoch: int, count: int) -> NDArray[np.int32]:
    """Return a permutation of `count` images that depends only on seed and epoch, also in resumed training."""
    return np.random.default_rng((seed, epoch)).permutation(count).astype(np.int32)
