"""MNIST and CelebA, from a book chapter on image classification."""

from core.recipe import Publication, PublishedResult, Recipe
from core.spec import RunSpec

_CHAPTER = Publication(
    "Classifying Images with Deep Convolutional Neural Networks",
    "Sebastian Raschka and Vahid Mirjalili",
    "Python Machine Learning, third edition, chapter 15, Packt",
    "2019",
)

MNIST_HEADS = Recipe(
    "mnist-heads",
    "Handwritten digits: a large Dense head against GAP",
    "A network with 3.3 million parameters classifies digits almost perfectly: how many of them does it need?",
    RunSpec(
        dataset="mnist",
        validation_images=10_000,
        kernel_size=5,
        padding="same",
        dropout=0.0,
        head="dense",
        units=1024,
        head_dropout=0.5,
        loss="sparse",
        epochs=20,
        batch_size=64,
    ),
    ("gap_dense", "dense", "mlp"),
    (
        PublishedResult("dense", "test_accuracy", 0.9939),
        PublishedResult("mlp", "test_accuracy", 0.89, 0.90, "about 89 percent; approximately 90%"),
    ),
    settings={
        "gap_dense": {"head_dropout": 0.0},
        "mlp": {"backbone": "pixels", "hidden": "32-16", "head_dropout": 0.0},
    },
    publication=_CHAPTER,
    conclusions=(
        "The convolutional network reaches 99.39% on the test images.",
        "A network with two hidden Dense layers and no convolutions reaches about 90%, so the convolutions make the "
        "difference.",
    ),
    corrections=(
        "The chapter has no head with global average pooling; Headroom added it.",
        "The network without convolutions is a DNNClassifier with 32 and 16 hidden units, whose optimizer is Adagrad. "
        "Headroom trains it with Adam like the other heads, so it can be more accurate than the author's.",
    ),
)
CELEBA_HEADS = Recipe(
    "celeba-heads",
    "An attribute of a face: global pooling against Flatten",
    "One logit predicts an attribute of a face; random crops and flips augment the training images.",
    RunSpec(
        dataset="celeba",
        side=64,
        train_images=16_000,
        validation_images=1_000,
        backbone="conv_tail",
        blocks=4,
        dropout=0.5,
        loss="binary",
        head="gap_dense",
        epochs=20,
        batch_size=32,
        augmentation="random_crop,flip_horizontal=0.5",
    ),
    ("gap_dense", "flatten"),
    (
        PublishedResult(
            "gap_dense",
            "test_accuracy",
            0.97,
            0.99,
            "about 97-99% accuracy",
            {
                "train_images": None,
                "validation_images": None,
            },
        ),
    ),
    input_shape=(64, 64, 3),
    classes=2,
    publication=_CHAPTER,
    statements=("One of 10 test faces that the chapter shows is classified incorrectly.",),
    conclusions=(
        "With the whole training set, an accuracy of about 97–99% can be expected.",
        "After 20 epochs the model still improves, so it is trained for 10 more.",
    ),
    corrections=("The chapter has no head with Flatten; Headroom added it.",),
    more_epochs=10,
)
