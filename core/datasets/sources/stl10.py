"""STL-10: photos of ten classes, only the labelled images."""

import numpy as np

from core.datasets.dataset import Arrays, Dataset, Images
from core.datasets.download import Download, Downloads
from core.datasets.formats.array_formats import read_members

_FOLDER = "stl10_binary"
_SIDE = 96


def load(files: Downloads) -> Arrays:
    names = [f"{_FOLDER}/{part}.bin" for part in ("train_X", "train_y", "test_X", "test_y")]
    train_images, train_labels, test_images, test_labels = (
        np.frombuffer(content, np.uint8) for content in read_members(files.paths()[0], names)
    )
    return Arrays(
        _to_images(train_images), train_labels.astype(np.int64) - 1,
        _to_images(test_images), test_labels.astype(np.int64) - 1,
    )  # fmt: skip


def _to_images(values: Images) -> Images:
    """Convert red, green and blue values, each in column-major order, to (images, 96, 96, 3)."""
    return np.ascontiguousarray(values.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 3, 2, 1))


DATASET = Dataset(
    name="stl10",
    label="STL-10",
    order=23,
    summary="Color photos of ten classes from ImageNet, 96×96 pixels, with more test than training images. Its "
    "100,000 unlabelled images are not used.",
    classes=("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"),
    input_shape=(_SIDE, _SIDE, 3),
    official_counts=(5_000, 8_000),
    official_fingerprint=None,
    source="https://cs.stanford.edu/~acoates/stl10/",
    licence="not stated",
    citation="Coates, A., Lee, H. & Ng, A. Y. (2011). An Analysis of Single-Layer Networks in Unsupervised Feature "
    "Learning. AISTATS. https://cs.stanford.edu/~acoates/papers/coatesleeng_aistats_2011.pdf",
    load=load,
    files=(
        Download(
            "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
            "datasets/stl10_binary.tar.gz",
            md5="91f7769df0f17e558f3565bffb0c7dfb",  # torchvision/datasets/stl10.py
            size=2_640_397_119,  # tensorflow_datasets/url_checksums/stl10.txt
        ),
    ),
)
