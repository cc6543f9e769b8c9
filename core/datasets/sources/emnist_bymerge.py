"""EMNIST ByMerge: digits and letters, some of them without distinction of capitals."""

from core.datasets.formats.emnist_files import MERGED, make_emnist

DATASET = make_emnist(
    "bymerge",
    "ByMerge",
    13,
    "Handwritten digits and letters, 47 imbalanced classes; 15 letters include their capitals.",
    MERGED,
    (697_932, 116_323),
)
