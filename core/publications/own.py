"""Recipes that Headroom defined: the heads of a published system on other data."""

from core.recipe import Recipe
from core.spec import RunSpec

_GAP_AND_DENSE = ("gap", "dense")

DIGITS_HEADS = Recipe(
    "digits-heads",
    "Handwritten digits: GAP against Flatten + Dense",
    "The heads of kmnist-heads on the digits of scikit-learn (8×8 pixels, enlarged to 28×28); works offline.",
    RunSpec(dataset="digits"),
    _GAP_AND_DENSE,
)
FASHION_HEADS = Recipe(
    "fashion-heads",
    "Clothing: GAP against Flatten + Dense",
    "The heads of kmnist-heads on images of clothing (Fashion-MNIST).",
    RunSpec(dataset="fashion_mnist"),
    _GAP_AND_DENSE,
)
FOLDER_HEADS = Recipe(
    "folder-heads",
    "Your own images: GAP against Flatten + Dense",
    "A folder with one subfolder per class, trained from random weights at any image size.",
    RunSpec(dataset="folder", side=96, batch_size=32, blocks=3),
    _GAP_AND_DENSE,
    input_shape=(96, 96, 3),
    classes=3,
)
