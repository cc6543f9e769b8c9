"""Custom datasets: a folder or an archive with class folders, split folders or a table of labels."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from core.augment.fit import Fit
from core.datasets.dataset import Dataset

if TYPE_CHECKING:
    from core.datasets.custom.image_files import Collection

SIDE = 256


def _survey(path: Path, side: int | None, fit: Fit) -> "AbstractContextManager[Collection]":
    from core.datasets.custom.folder_survey import survey_folder  # imported when images are added

    return survey_folder(path, side, fit)


DATASET = Dataset(
    name="folder",
    label="Own images",
    order=31,
    summary="A custom dataset: a folder with one subfolder per class. Without splits, Headroom draws 64% training, 16% "
    "validation and 20% test images (stratified).",
    classes=(),
    input_shape=(SIDE, SIDE, 3),
    official_counts=(0, 0),
    official_fingerprint=None,
    source="",
    licence="set by the owner of the images",
    citation="",
    survey=_survey,
    uses=("folder", "side"),
)
