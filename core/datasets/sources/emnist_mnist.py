"""EMNIST MNIST: handwritten digits in the size of MNIST."""

from core.datasets.formats.emnist_files import DIGITS, make_emnist

DATASET = make_emnist(
    "mnist",
    "MNIST",
    16,
    "Handwritten digits, as many as MNIST, processed like the other EMNIST datasets.",
    DIGITS,
    (60_000, 10_000),
)
