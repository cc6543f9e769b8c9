"""EMNIST Digits: handwritten digits."""

from core.datasets.formats.emnist_files import DIGITS, make_emnist

DATASET = make_emnist(
    "digits",
    "Digits",
    14,
    "Handwritten digits, four times as many as MNIST.",
    DIGITS,
    (240_000, 40_000),
)
