"""Street View House Numbers with the extra training images, which come first as in extra_keras_datasets."""

from core.datasets.dataset import Dataset
from core.datasets.formats.svhn_files import CITATION, EXTRA, LICENCE, SOURCE, TEST, TRAIN, load_svhn

DATASET = Dataset(
    name="svhn_extra",
    label="SVHN with extra images",
    order=19,
    summary="SVHN with 531,131 additional, easier training images before the others; for non-commercial use only. The "
    "conversion needs about 4 GB of memory.",
    classes=tuple("0123456789"),
    input_shape=(32, 32, 3),
    official_counts=(604_388, 26_032),
    official_fingerprint=None,
    source=SOURCE,
    licence=LICENCE,
    citation=CITATION,
    load=load_svhn,
    files=(EXTRA, TRAIN, TEST),
)
