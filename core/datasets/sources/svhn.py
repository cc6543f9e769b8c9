"""Street View House Numbers, normal training set."""

from core.datasets.dataset import Dataset
from core.datasets.formats.svhn_files import CITATION, LICENCE, SOURCE, TEST, TRAIN, load_svhn

DATASET = Dataset(
    name="svhn",
    label="SVHN",
    order=18,
    summary="Digits of house numbers in street photos, 32×32 pixels in color, often with parts of other digits at the "
    "sides; for non-commercial use only.",
    classes=tuple("0123456789"),
    input_shape=(32, 32, 3),
    official_counts=(73_257, 26_032),
    official_fingerprint=None,
    source=SOURCE,
    licence=LICENCE,
    citation=CITATION,
    load=load_svhn,
    files=(TRAIN, TEST),
)
