"""CIFAR-10 and CIFAR-100: the file of Keras, and its reader."""

from collections.abc import Sequence

import numpy as np

from core.datasets.dataset import Arrays, Images, Labels
from core.datasets.download import Download, Downloads
from core.datasets.formats.array_formats import read_members, read_pickle

SOURCE = "https://www.cs.toronto.edu/~kriz/cifar.html"
LICENCE = "not stated"
CITATION = (
    "Krizhevsky, A. (2009). Learning Multiple Layers of Features from Tiny Images. Technical report, University of "
    "Toronto. https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf"
)

_ORIGIN = "https://www.cs.toronto.edu/~kriz"

# Checksums: keras/src/datasets/cifar10.py and cifar100.py of Keras 3.15. Keras stores the archive as `_archive`.
CIFAR10 = Download(
    f"{_ORIGIN}/cifar-10-python.tar.gz",
    "datasets/cifar-10-batches-py-target_archive",
    sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    size=170_498_071,
)
CIFAR100 = Download(
    f"{_ORIGIN}/cifar-100-python.tar.gz",
    "datasets/cifar-100-python-target_archive",
    sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    size=169_001_437,
)


def load_cifar(files: Downloads, train: Sequence[str], test: str, key: bytes) -> Arrays:
    """Read the images and the labels `key` of some files in the archive."""
    batches = [read_pickle(content) for content in read_members(files.paths()[0], [*train, test])]
    images, labels = zip(*[(_to_images(batch[b"data"]), _to_labels(batch[key])) for batch in batches], strict=True)
    return Arrays(np.concatenate(images[:-1]), np.concatenate(labels[:-1]), images[-1], labels[-1])


def _to_images(rows: Images) -> Images:
    """Convert rows of 1,024 red, 1,024 green and 1,024 blue values to (images, 32, 32, 3)."""
    return np.ascontiguousarray(np.asarray(rows).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def _to_labels(labels: Sequence[int]) -> Labels:
    return np.asarray(labels, np.int64)
