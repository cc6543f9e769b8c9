"""The images of CIFAR-100 with their 20 superclasses, the file of Keras."""

from core.datasets.formats.cifar_files import CIFAR100, make_cifar

DATASET = make_cifar(
    "cifar100_coarse",
    "CIFAR-100 superclasses",
    22,
    "The images of CIFAR-100 in 20 superclasses, each of five classes (the coarse labels).",
    (
        "aquatic mammals", "fish", "flowers", "food containers", "fruit and vegetables",
        "household electrical devices", "household furniture", "insects", "large carnivores",
        "large man-made outdoor things", "large natural outdoor scenes", "large omnivores and herbivores",
        "medium mammals", "non-insect invertebrates", "people", "reptiles", "small mammals", "trees", "vehicles 1",
        "vehicles 2",
    ),
    CIFAR100,
    ["cifar-100-python/train", "cifar-100-python/test"],
    b"coarse_labels",
)  # fmt: skip
