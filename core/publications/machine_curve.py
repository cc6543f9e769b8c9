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
        OpenQuestion(
            "Does one more convolutional block close the gap to the classic model?",
            {"blocks": 3},
            "Not with the author's head: on 8,000 of the images, the test accuracy of GAP falls from 84.3 ± 5.2% "
            "to 43.4 ± 12.0% (3 seeds): 4 to 6 of the 10 classes are never predicted, probably because the ReLU "
            "before the pooling blocks their gradient. Without it, GAP (linear maps) rises from 86.3 ± "
            "0.5% to 92.8 ± 0.5%, 1.2 points below Flatten + Dense with the same blocks (94.0 ± 0.7%, not "
            "significant) and 2.6 below the classic model with two blocks (95.4 ± 0.3%); GAP + Dense rises from "
            "71.4 ± 1.4% to 93.5 ± 0.3%, GMP + Dense from 83.2 ± 0.8% to the same; the VGG head "
            "falls from 97.0 ± 0.2% to 91.5 ± 0.3%. The third block costs 79,616 parameters (74,496 "
            "with GAP + Dense).",
            "headroom train --recipe kmnist-heads --heads gap,gap_linear,gap_dense,dense --seeds 3 --blocks 3",
        ),
    ),
    corrections=(
        "A ReLU precedes global average pooling and softmax, so class scores cannot be negative. "
        "The head “GAP (linear maps)” is the same without this ReLU.",
    ),
)
