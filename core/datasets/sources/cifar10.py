"""CIFAR-10: small photos of ten classes, the file of Keras."""

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Downloads
from core.datasets.formats.cifar_files import CIFAR10, CITATION, LICENCE, SOURCE, load_cifar

_FOLDER = "cifar-10-batches-py"


def load(files: Downloads) -> Arrays:
    return load_cifar(files, [f"{_FOLDER}/data_batch_{k}" for k in range(1, 6)], f"{_FOLDER}/test_batch", b"labels")


DATASET = Dataset(
    name="cifar10",
    label="CIFAR-10",
    order=20,
    summary="Small colour photos of ten classes of animals and vehicles, 32×32 pixels.",
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    input_shape=(32, 32, 3),
    official_counts=(50_000, 10_000),
    official_fingerprint=None,
    source=SOURCE,
    licence=LICENCE,
    citation=CITATION,
    load=load,
    files=(CIFAR10,),
)
