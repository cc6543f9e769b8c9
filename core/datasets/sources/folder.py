"""The images of whoever uses Headroom: a folder with a sub-folder a class, added by name."""

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Downloads


def load(_files: Downloads) -> Arrays:
    raise NotImplementedError


DATASET = Dataset(
    name="folder",
    label="Own images",
    place=5,
    summary="A folder of your own with a sub-folder a class.",
    classes=(),
    input_shape=(256, 256, 3),
    official_counts=(0, 0),
    official_fingerprint=None,
    source="",
    licence="that of its owner",
    citation="",
    load=load,
    uses=("folder", "side"),
)
