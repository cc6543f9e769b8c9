"""The images of CIFAR-100 with their 20 superclasses, the file of Keras."""

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Downloads
from core.datasets.formats.cifar_files import CIFAR100, CITATION, LICENCE, SOURCE, load_cifar


def load(files: Downloads) -> Arrays:
    return load_cifar(files, ["cifar-100-python/train"], "cifar-100-python/test", b"coarse_labels")


DATASET = Dataset(
    name="cifar100_coarse",
    label="CIFAR-100 superclasses",
    order=22,
    summary="The images of CIFAR-100 in 20 superclasses, each of five classes (the coarse labels).",
    classes=(
        "aquatic mammals", "fish", "flowers", "food containers", "fruit and vegetables",
        "household electrical devices", "household furniture", "insects", "large carnivores",
        "large man-made outdoor things", "large natural outdoor scenes", "large omnivores and herbivores",
        "medium mammals", "non-insect invertebrates", "people", "reptiles", "small mammals", "trees", "vehicles 1",
        "vehicles 2",
    ),
    input_shape=(32, 32, 3),
    official_counts=(50_000, 10_000),
    official_fingerprint=None,
    source=SOURCE,
    licence=LICENCE,
    citation=CITATION,
    load=load,
    files=(CIFAR100,),
)  # fmt: skip
