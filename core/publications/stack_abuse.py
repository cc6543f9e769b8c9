"""Flatten against global pooling on images of 224×224 pixels."""

from core.recipe import Publication, PublishedResult, Recipe
from core.spec import RunSpec

DEMO224_HEADS = Recipe(
    "demo224-heads",
    "Photos: how the head's parameters explode with the image",
    "On images of 224×224 pixels a small MLP after Flatten has 170 times as many parameters as global pooling.",
    RunSpec(
        dataset="folder",
        side=224,
        batch_size=32,
        backbone="conv_conv_pool",
        head="mlp",
        hidden="64-32",
        head_dropout=0.3,
    ),
    ("gap_dense", "gmp_dense", "mlp"),
    (
        PublishedResult("mlp", "params", 11_574_090),
        PublishedResult("mlp", "trainable", 11_573_898),
        PublishedResult("mlp", "non_trainable", 192),
        PublishedResult("gap_dense", "params", 66_602),
        PublishedResult("gap_dense", "trainable", 66_410),
        PublishedResult("gap_dense", "non_trainable", 192),
    ),
    input_shape=(224, 224, 3),
    publication=Publication(
        "Don't Use Flatten() - Global Pooling for CNNs with TensorFlow and Keras",
        "",
        "StackAbuse",
        address="https://stackabuse.com/dont-use-flatten-global-pooling-for-cnns-with-tensorflow-and-keras/",
    ),
    statements=("EfficientNets start at “~6M” parameters; EfficientNet-B0 with its top has 5,330,571.",),
    conclusions=(
        "Global pooling is preferable to Flatten: fewer parameters, and a head that is independent of the image size.",
        "VGG was the last well-known architecture with Flatten and large Dense layers; "
        "since ResNet, global average pooling precedes the output layer.",
    ),
    corrections=(
        "Feature maps of shape (7, 7, 32) flatten to 1,568 values, not to 1,536.",
        "Global pooling of feature maps of shape (7, 7, 32) gives 32 values, one per map, not an output of shape "
        "(7, 7).",
        "The article gives no count for global max pooling; it has no parameters either, so the count is the same.",
    ),
)
