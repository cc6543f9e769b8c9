"""Two conventions of transfer learning: MobileNet with GAP and an MLP, VGG16 with Flatten."""

from core.recipe import Publication, Recipe
from core.spec import RunSpec

_QUESTION = Publication(
    "Is Flatten() layer in keras necessary?",
    "a question and two answers",
    "Data Science Stack Exchange",
    "2021-08-18",
    "https://datascience.stackexchange.com/questions/80072/is-flatten-layer-in-keras-necessary",
    remark="date of the copy at TransWikia",
)
_CONCLUSIONS = (
    "Both layers can be used, in transfer learning and elsewhere.",
    "After many pooling layers the feature maps are small and their elements hold little information on their own, so "
    "their mean is enough and saves parameters.",
)
_STATEMENTS = (
    "Images of 300×300 pixels end as feature maps of 5×5, images of 224×224 pixels as 7×7.",
    "Global average pooling reduces feature maps of shape (220, 220, 30) to (1, 1, 30).",
)
_CORRECTIONS = (
    "300 pixels become 5×5 after six poolings that round up. VGG16 and MobileNet halve the side length five times, so "
    "they give 9×9 for 300 pixels, and 7×7 for 224.",
)
_PHOTOS = RunSpec(dataset="folder", side=224, batch_size=32)

TRANSFER_HEADS = Recipe(
    "transfer-heads",
    "Transfer learning from VGG16: GAP against Flatten",
    "With a frozen backbone only the head is trained: how much accuracy does global pooling cost?",
    _PHOTOS.replace(backbone="vgg16", frozen=True, head="flatten"),
    ("gap_dense", "flatten"),
    input_shape=(224, 224, 3),
    classes=3,
    publication=_QUESTION,
    statements=_STATEMENTS,
    conclusions=_CONCLUSIONS,
    corrections=_CORRECTIONS,
)
TRANSFER_MOBILENET_HEADS = Recipe(
    "transfer-mobilenet-heads",
    "Transfer learning from MobileNet: GAP with and without an MLP",
    "MobileNet fine-tuned completely, with a head of three hidden layers or without hidden layers.",
    _PHOTOS.replace(backbone="mobilenet", head="gap_mlp", hidden="1024-1024-512", learning_rate=1e-4),
    ("gap_dense", "gap_mlp"),
    input_shape=(224, 224, 3),
    classes=3,
    publication=_QUESTION,
    statements=_STATEMENTS,
    conclusions=_CONCLUSIONS,
    corrections=_CORRECTIONS,
)
