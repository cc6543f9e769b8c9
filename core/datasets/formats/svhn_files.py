"""Street View House Numbers: MATLAB files, their reader and their checksums."""

from pathlib import Path

import numpy as np

from core.datasets.dataset import Arrays, Images, Labels
from core.datasets.download import Download, Downloads
from core.datasets.formats.array_formats import read_mat

SOURCE = "http://ufldl.stanford.edu/housenumbers/"
LICENCE = "non-commercial use only"
CITATION = (
    "Netzer, Y., Wang, T., Coates, A., Bissacco, A., Wu, B. & Ng, A. Y. (2011). Reading Digits in Natural Images with "
    "Unsupervised Feature Learning. NIPS Workshop on Deep Learning and Unsupervised Feature Learning. "
    "http://ufldl.stanford.edu/housenumbers/nips2011_housenumbers.pdf"
)

# Sizes and SHA-256: tensorflow_datasets/url_checksums/svhn_cropped.txt. Names in the cache: extra_keras_datasets 1.2.0.
TRAIN, TEST, EXTRA = (
    Download(f"{SOURCE}{part}_32x32.mat", f"datasets/svhn_matlab.npz_{part}", sha256=sha256, size=size)
    for part, size, sha256 in (
        ("train", 182_040_794, "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
        ("test", 64_275_384, "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
        ("extra", 1_329_278_602, "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"),
    )
)


def load_svhn(files: Downloads) -> Arrays:
    """Read the files; the last one is the test split, the others are training images in this order."""
    *train, test = (_read_split(path) for path in files.paths())
    images, labels = zip(*train, strict=True)
    return Arrays(np.concatenate(images), np.concatenate(labels), *test)


def _read_split(path: Path) -> tuple[Images, Labels]:
    """Convert images of shape (32, 32, 3, images) and labels from 1 to 10, where 10 is the digit 0."""
    images, labels = read_mat(path, "X", "y")
    return np.ascontiguousarray(np.moveaxis(images, -1, 0)), labels.ravel().astype(np.int64) % 10
