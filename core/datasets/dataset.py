"""Dataset entries of the registry: arrays, labels, licence and citation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from core.datasets.download import Download, Downloads
from core.datasets.drawing import DrawnImage
from core.plural import format_plural

if TYPE_CHECKING:
    from core.datasets.custom.image_files import Survey

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Arrays:
    """Images, uint8 of shape (images, height, width, channels), and labels, int64 of shape (images,).

    Labels of datasets with attributes are uint8 of shape (images, attributes) on disk; `DatasetView` selects one.
    """

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels

    @classmethod
    def of_grey(cls, train: tuple[Any, Any], test: tuple[Any, Any]) -> Self:
        """Convert the (images, labels) pairs of Keras, with images of shape (images, height, width)."""
        (train_images, train_labels), (test_images, test_labels) = train, test
        return cls(
            train_images[..., np.newaxis],
            train_labels.astype(np.int64),
            test_images[..., np.newaxis],
            test_labels.astype(np.int64),
        )


@dataclass(frozen=True)
class Dataset:
    """An entry of the registry.

    Attributes:
        official_counts: Sizes of the official training and test split.
        official_fingerprint: Fingerprint of the official arrays; None if unknown.
        official_split: Whether the authors split the images into training and test images.
        load: Function that loads the arrays from `files`. It may import TensorFlow and use the network, so only
            `core.datasets.cache` calls it.
        survey: Function that lists the images of a custom dataset at a path; replaces `load`.
        bundled: Whether the data is included in an installed package.
        drawing: Preprocessing of the original drawings, if the images show drawings.
        uses: Hyperparameters of RunSpec that apply to the dataset.
        choices: Allowed values of some of them.
    """

    name: str
    label: str
    order: int
    summary: str
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    official_counts: tuple[int, int]
    official_fingerprint: str | None
    source: str
    licence: str
    citation: str
    load: Callable[[Downloads], Arrays] | None = None
    survey: "Survey | None" = None
    files: tuple[Download, ...] = ()
    official_split: bool = True
    bundled: bool = False
    drawing: DrawnImage | None = None
    uses: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def added(self) -> bool:
        """Whether users add the dataset from their own files."""
        return self.survey is not None

    @property
    def download_bytes(self) -> int | None:
        """Size of the files that are downloaded, in bytes; None if it is not published."""
        sizes = [file.size for file in self.files]
        return sum(size for size in sizes if size) if sizes and None not in sizes else None

    def find_problem(self, arrays: Arrays) -> str | None:
        """Return an error message if dtypes, shapes, counts or labels do not match the dataset, else None."""
        for split in ("train", "test"):
            images, labels = getattr(arrays, f"{split}_images"), getattr(arrays, f"{split}_labels")
            if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != self.input_shape:
                expected, got = (
                    f"uint8 images of shape {self.input_shape}",
                    f"{images.dtype} images of shape {images.shape[1:]}",
                )
            elif labels.dtype != np.int64 or labels.shape != images.shape[:1] or not len(labels):
                expected, got = (
                    f"int64 labels for {len(images)} {split} images",
                    f"{labels.dtype} labels of shape {labels.shape}",
                )
            elif labels.min() < 0 or labels.max() >= len(self.classes):
                expected, got = (
                    f"labels from 0 to {len(self.classes) - 1}",
                    f"labels from {labels.min()} to {labels.max()}",
                )
            else:
                continue
            return f"Expected {self.label} to have {expected}; got {got}."
        return None

    def is_official(self, fingerprint: str, counts: tuple[int, int]) -> bool:
        """Return whether arrays are the official ones; compare only the counts if the fingerprint is unknown."""
        if self.official_fingerprint is None:
            return counts == self.official_counts
        return fingerprint == self.official_fingerprint

    def describe_size(self, train_count: int | None, test_count: int) -> str:
        """Describe the sizes of the splits, and the official ones if they differ: "8,000 training and 2,000 test images
        instead of 60,000 and 10,000"."""
        text = format_plural(test_count, "test image")
        if train_count is None:
            return text
        text = f"{train_count:,} training and {text}"
        if (train_count, test_count) == self.official_counts:
            return text
        return f"{text} instead of {' and '.join(f'{count:,}' for count in self.official_counts)}"
