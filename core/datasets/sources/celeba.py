"""CelebA: faces with forty attributes each, from a folder in the official layout."""

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Downloads

ATTRIBUTES = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips", "Big_Nose",
    "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses",
    "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache",
    "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks",
    "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick",
    "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip


def load(_files: Downloads) -> Arrays:
    raise NotImplementedError


DATASET = Dataset(
    name="celeba",
    label="CelebA",
    place=4,
    summary="Faces of celebrities with forty binary attributes; for non-commercial research only.",
    classes=("no", "yes"),
    input_shape=(218, 178, 3),
    official_counts=(182_637, 19_962),
    official_fingerprint=None,
    source="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
    licence="non-commercial research",
    citation="Liu, Z., Luo, P., Wang, X. & Tang, X. (2015). Deep Learning Face Attributes in the Wild. ICCV.",
    load=load,
    uses=("attribute", "side"),
    choices={"attribute": ATTRIBUTES},
)
