"""CIFAR-10 and CIFAR-100: the file of Keras, and its reader."""

from collections.abc import Sequence

import numpy as np

from core.datasets.dataset import Arrays, Dataset, Images, Labels
from core.datasets.download import Download, Downloads
from core.datasets.formats.array_formats import read_members, read_pickle

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


def make_cifar(
    name: str,
    label: str,
    order: int,
    summary: str,
    classes: tuple[str, ...],
    file: Download,
    batches: Sequence[str],
    key: bytes,
) -> Dataset:
    """Create the entry of a dataset.

    Args:
        batches: Files in the archive; the last one is the test split.
        key: Name of the labels in each of them.
    """
    return Dataset(
        name=name,
        label=label,
        order=order,
        summary=summary,
        classes=classes,
        input_shape=(32, 32, 3),
        official_counts=(50_000, 10_000),
        official_fingerprint=None,
        source="https://www.cs.toronto.edu/~kriz/cifar.html",
        licence="not stated",
        citation="Krizhevsky, A. (2009). Learning Multiple Layers of Features from Tiny Images. Technical report, "
        "University of Toronto. https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf",
        load=lambda files: _load(files, batches, key),
        files=(file,),
    )


def _load(files: Downloads, names: Sequence[str], key: bytes) -> Arrays:
    batches = [read_pickle(content) for content in read_members(files.paths()[0], names)]
    images, labels = zip(*[(_to_images(batch[b"data"]), _to_labels(batch[key])) for batch in batches], strict=True)
    return Arrays(np.concatenate(images[:-1]), np.concatenate(labels[:-1]), images[-1], labels[-1])


def _to_images(rows: Images) -> Images:
    """Convert rows of 1,024 red, 1,024 green and 1,024 blue values to (images, 32, 32, 3)."""
    return np.ascontiguousarray(np.asarray(rows).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def _to_labels(labels: Sequence[int]) -> Labels:
    return np.asarray(labels, np.int64)
