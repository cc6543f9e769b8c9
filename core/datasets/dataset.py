"""What a dataset is: a source of image arrays with their labels, licence and citation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Arrays:
    """Images, uint8 of shape (images, height, width, channels), and classes, int64 of shape (images,)."""

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels


@dataclass(frozen=True)
class Dataset:
    """An entry of the registry.

    `load` fetches the arrays; it may import TensorFlow and use the network, so only `core.datasets.cache` calls it.
    `official_counts` are the images of the official training and test split; `official_fingerprint` is that of the
    official arrays, None where nobody here has seen them. `bundled` data comes with an installed package.
    """

    name: str
    label: str
    place: int
    summary: str
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    official_counts: tuple[int, int]
    official_fingerprint: str | None
    source: str
    licence: str
    citation: str
    load: Callable[..., Arrays]
    bundled: bool = False
