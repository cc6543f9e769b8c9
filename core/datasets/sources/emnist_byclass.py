"""EMNIST ByClass: digits, capitals and small letters."""

from core.datasets.formats.emnist_files import CHARACTERS, make_emnist

DATASET = make_emnist(
    "byclass",
    "ByClass",
    12,
    "Handwritten digits, capitals and small letters, 62 imbalanced classes.",
    CHARACTERS,
    (697_932, 116_323),
)
