"""CIFAR-10: small photos of ten classes, the file of Keras."""

from core.datasets.formats.cifar_files import CIFAR10, make_cifar

DATASET = make_cifar(
    "cifar10",
    "CIFAR-10",
    20,
    "Small color photos of ten classes of animals and vehicles, 32×32 pixels.",
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    CIFAR10,
    [*(f"cifar-10-batches-py/data_batch_{k}" for k in range(1, 6)), "cifar-10-batches-py/test_batch"],
    b"labels",
)  # fmt: skip
