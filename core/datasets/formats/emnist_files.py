"""EMNIST: one archive with six datasets of handwritten characters."""

import gzip
import string
import zipfile
from collections.abc import Sequence

import numpy as np

from core.datasets.dataset import Arrays, Dataset, Images, Labels
from core.datasets.download import Download, Downloads
from core.datasets.drawing import DrawnImage
from core.datasets.formats.array_formats import read_idx

DIGITS = tuple(string.digits)
LETTERS = tuple(f"{letter} {letter.lower()}" for letter in string.ascii_uppercase)
CHARACTERS = (*string.digits, *string.ascii_uppercase, *string.ascii_lowercase)
MERGED = tuple(name for name in CHARACTERS if name not in "cijklmopsuvwxyz")
"""Classes of ByMerge and Balanced: 15 letters are not distinguished from their capitals."""

# The address in extra_keras_datasets 1.2.0 (www.itl.nist.gov) is dead; this is the one of torchvision 0.18 and later.
# Size and SHA-256: tensorflow_datasets/url_checksums/emnist.txt.
_FILE = Download(
    "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
    "datasets/emnist_gzip.zip",
    sha256="fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
    size=561_753_746,
)


def make_emnist(
    variant: str, label: str, order: int, summary: str, classes: Sequence[str], counts: tuple[int, int], first: int = 0
) -> Dataset:
    """Create the entry of one of the six datasets.

    Args:
        variant: Its name in the archive.
        first: The label of the first class in the files.
    """

    def load(files: Downloads) -> Arrays:
        with zipfile.ZipFile(files.paths()[0]) as archive:
            train, test = (_read_split(archive, f"gzip/emnist-{variant}-{split}", first) for split in ("train", "test"))
        return Arrays.of_grey(train, test)

    return Dataset(
        name=f"emnist_{variant}",
        label=f"EMNIST {label}",
        order=order,
        summary=summary,
        classes=tuple(classes),
        input_shape=(28, 28, 1),
        official_counts=counts,
        official_fingerprint=None,
        source="https://www.nist.gov/itl/products-and-services/emnist-dataset",
        licence="not stated",
        citation="Cohen, G., Afshar, S., Tapson, J. & van Schaik, A. (2017). EMNIST: an extension of MNIST to "
        "handwritten letters. https://arxiv.org/abs/1702.05373",
        load=load,
        drawing=DrawnImage(28, 24, None, "scaled to 24×24 pixels inside 28×28, centered"),
        files=(_FILE,),
    )


def _read_split(archive: zipfile.ZipFile, prefix: str, first: int) -> tuple[Images, Labels]:
    """Return images and labels of a split. The files contain each image with rows and columns exchanged."""
    images = read_idx(gzip.decompress(archive.read(f"{prefix}-images-idx3-ubyte.gz")))
    labels = read_idx(gzip.decompress(archive.read(f"{prefix}-labels-idx1-ubyte.gz")))
    return np.ascontiguousarray(images.swapaxes(1, 2)), labels.astype(np.int64) - first
