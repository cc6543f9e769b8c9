"""Kuzushiji-MNIST: ten cursive Japanese characters, loaded with extra_keras_datasets."""

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Downloads
from core.datasets.formats.kuzushiji_files import (
    CITATION,
    DRAWING,
    LICENCE,
    SOURCE,
    list_kuzushiji_files,
    read_kuzushiji,
)


def load(files: Downloads) -> Arrays:
    placed = files.placed()
    if placed is not None:
        return read_kuzushiji(placed)
    files.fetch()
    from extra_keras_datasets import kmnist

    return Arrays.of_grey(*kmnist.load_data())


DATASET = Dataset(
    name="kmnist",
    label="KMNIST",
    order=1,
    summary="Ten classes of cursive Japanese characters from books printed before 1900, in the format of MNIST.",
    classes=("お o", "き ki", "す su", "つ tsu", "な na", "は ha", "ま ma", "や ya", "れ re", "を wo"),
    input_shape=(28, 28, 1),
    official_counts=(60_000, 10_000),
    official_fingerprint=None,
    source=SOURCE,
    licence=LICENCE,
    citation=CITATION,
    load=load,
    drawing=DRAWING,
    files=list_kuzushiji_files("kmnist"),
)
