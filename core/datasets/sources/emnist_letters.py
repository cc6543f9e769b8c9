"""EMNIST Letters: letters without distinction of capitals."""

from core.datasets.formats.emnist_files import LETTERS, make_emnist

DATASET = make_emnist(
    "letters",
    "Letters",
    15,
    "Handwritten letters, 26 classes without distinction of capitals.",
    LETTERS,
    (124_800, 20_800),
    first=1,
)
