"""USPS: handwritten digits from envelopes, in the format of LIBSVM."""

import bz2
from pathlib import Path

import numpy as np

from core.datasets.dataset import Arrays, Dataset, Images, Labels
from core.datasets.download import Download, Downloads
from core.datasets.drawing import DrawnImage

_ORIGIN = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass"
_SIDE = 16


def load(files: Downloads) -> Arrays:
    train, test = map(_read_split, files.paths())
    return Arrays.of_grey(train, test)


def _read_split(path: Path) -> tuple[Images, Labels]:
    """Convert values from -1 to 1 to 0 … 255, and labels from 1 to 10 to the digits 0 … 9."""
    from sklearn.datasets import load_svmlight_file

    with bz2.open(path) as file:
        values, labels = load_svmlight_file(file, n_features=_SIDE**2)
    images = np.clip(np.rint((values.toarray() + 1) * 127.5), 0, 255).astype(np.uint8)
    return images.reshape(-1, _SIDE, _SIDE), labels.astype(np.int64) - 1


DATASET = Dataset(
    name="usps",
    label="USPS",
    order=17,
    summary="Handwritten digits from envelopes of the US Postal Service, 16×16 pixels.",
    classes=tuple("0123456789"),
    input_shape=(_SIDE, _SIDE, 1),
    official_counts=(7_291, 2_007),
    official_fingerprint=None,
    source="https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass.html#usps",
    licence="not stated",
    citation="Hull, J. J. (1994). A database for handwritten text recognition research. IEEE Transactions on Pattern "
    "Analysis and Machine Intelligence, 16(5), 550–554. https://doi.org/10.1109/34.291440",
    load=load,
    drawing=DrawnImage(_SIDE, _SIDE, None, "scaled to fill 16×16 pixels, centered"),
    files=(  # MD5: torchvision/datasets/usps.py; names in the cache: extra_keras_datasets 1.2.0
        Download(f"{_ORIGIN}/usps.bz2", "datasets/usps.bz2", md5="ec16c51db3855ca6c91edd34d0e9b197"),
        Download(f"{_ORIGIN}/usps.t.bz2", "datasets/usps-testing.bz2", md5="8ea070ee2aca1ac39742fdd1ef5ed118"),
    ),
)
