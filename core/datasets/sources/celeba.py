"""CelebA: faces with 40 binary attributes, added from a folder with the official layout."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from core.augment.fit import Fit
from core.datasets.dataset import Dataset

if TYPE_CHECKING:
    from core.datasets.custom.image_files import Collection

ATTRIBUTES = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips", "Big_Nose",
    "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses",
    "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache",
    "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks",
    "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick",
    "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip
CLASSES = ("no", "yes")


def _survey(path: Path, side: int | None, fit: Fit) -> "AbstractContextManager[Collection]":
    from core.datasets.custom.celeba_survey import survey_celeba  # imported when images are added

    return survey_celeba(path, side, fit)


DATASET = Dataset(
    name="celeba",
    label="CelebA",
    order=30,
    summary="Faces of celebrities with 40 binary attributes; for non-commercial research only.",
    classes=CLASSES,
    input_shape=(218, 178, 3),
    official_counts=(182_637, 19_962),
    official_fingerprint=None,
    source="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
    licence="non-commercial research",
    citation="Liu, Z., Luo, P., Wang, X. & Tang, X. (2015). Deep Learning Face Attributes in the Wild. ICCV.",
    survey=_survey,
    uses=("attribute", "side"),
    choices={"attribute": ATTRIBUTES},
)
