"""EMNIST Balanced: digits and letters, the same number of images per class."""

from core.datasets.formats.emnist_files import MERGED, make_emnist

DATASET = make_emnist(
    "balanced",
    "Balanced",
    11,
    "Handwritten digits and letters, 47 classes with the same number of images; 15 letters include their capitals.",
    MERGED,
    (112_800, 18_800),
)
