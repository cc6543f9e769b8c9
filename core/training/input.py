"""Images and labels as tensors in memory, and the order in which an epoch sees them."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.datasets.cache import CachedDataset, DatasetInfo, open_dataset, pin
from core.datasets.split import compute_split
from core.home import Home
from core.spec import RunSpec


@dataclass(frozen=True)
class Split:
    """`images` uint8 of shape (images, height, width, channels), `labels` int64 of shape (images,)."""

    images: tf.Tensor
    labels: tf.Tensor

    def __len__(self) -> int:
        return int(self.labels.shape[0])


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
    dataset: CachedDataset = open_dataset(home, spec.dataset)
    arrays = dataset.arrays()
    train, validation = compute_split(spec, dataset.info.train_count)

    def part(images: NDArray[np.uint8], labels: NDArray[np.int64], rows: range) -> Split:
        chosen = slice(rows.start, rows.stop)
        return Split(tf.constant(images[chosen]), tf.constant(labels[chosen]))

    return Splits(
        dataset.info,
        part(arrays.train_images, arrays.train_labels, train),
        part(arrays.train_images, arrays.train_labels, validation),
        part(arrays.test_images, arrays.test_labels, range(dataset.info.test_count)),
    )


def scale(images: tf.Tensor) -> tf.Tensor:
    """From uint8 0..255 to float32 0..1."""
    return tf.cast(images, tf.float32) / 255.0


def compute_order(seed: int, epoch: int, count: int) -> NDArray[np.int32]:
    """A permutation of `count` images that follows from seed and epoch alone: a resumed training sees the same one."""
    return np.random.default_rng((seed, epoch)).permutation(count).astype(np.int32)
