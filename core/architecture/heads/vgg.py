"""The head of VGG (Simonyan & Zisserman 2015, Very deep convolutional networks, section 2.1)."""

from core.architecture.head import head, outputs
from core.architecture.layers import Dense, Dropout, Flatten, Layer
from core.spec import RunSpec


@head(label="VGG head", order=9)
def vgg(spec: RunSpec, classes: int) -> list[Layer]:
    """Flatten, twice dropout (rate 0.5) and 4,096 Dense units with ReLU, then one Dense layer to the classes."""
    hidden: list[Layer] = [Dropout(0.5), Dense(4096, "relu")]
    return [Flatten(), *hidden, *hidden, *outputs(spec, classes)]
