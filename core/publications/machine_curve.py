"""A classifier without Dense layers against the classic one, on KMNIST."""

from core.recipe import OpenQuestion, Publication, PublishedResult, Recipe
from core.spec import RunSpec

KMNIST_HEADS = Recipe(
    "kmnist-heads",
    "Cursive Japanese: GAP against Flatten + Dense",
    "How much accuracy does a head without Dense layers lose, with about 18 times fewer parameters?",
    RunSpec(dataset="kmnist"),
    ("gap", "dense"),
    (
        PublishedResult("gap", "params", 24_586),
        PublishedResult("gap", "test_loss", 0.3354340976119041),
        PublishedResult("gap", "test_accuracy", 0.9086999893188477),
        PublishedResult("dense", "params", 431_242),
        PublishedResult("dense", "test_loss", 0.3033015901445908),
        PublishedResult("dense", "test_accuracy", 0.9617000222206116),
    ),
    publication=Publication(
        "Reducing trainable parameters with a Dense-free ConvNet classifier",
        "Christian Versloot",
        "MachineCurve",
        "2020-01-31",
        remark="code updated on 2020-11-05",
    ),
    statements=(
        "The model with global average pooling has “approximately 18 times” fewer trainable parameters; "
        "exactly, 431,242 / 24,586 = 17.54.",
    ),
    conclusions=(
        "Global average pooling can replace the Dense layers of a ConvNet classifier at a fraction of the parameters.",
        "The model with global average pooling needs more epochs to reach the same loss.",
        "The classic model has the lower loss and the higher accuracy after 25 epochs.",
    ),
    open_questions=(
        OpenQuestion("Does one more convolutional block close the gap to the classic model?", {"blocks": 3}),
    ),
    corrections=(
        "A ReLU precedes global average pooling and softmax, so class scores cannot be negative. "
        "The head “GAP, linear maps” is the same without this ReLU.",
    ),
)
