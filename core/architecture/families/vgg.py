"""VGG (Simonyan & Zisserman 2015, Very deep convolutional networks, table 1)."""

from collections.abc import Sequence

from core.architecture.families.preprocessing import subtract_means
from core.architecture.layers import Conv, Layer
from core.architecture.pooling import LocalPooling


def list_vgg_layers(stages: Sequence[tuple[int, int]]) -> list[Layer]:
    """Return the layers before the head.

    Args:
        stages: number of filters and of convolutions of each stage.
    """
    layers: list[Layer] = [subtract_means()]
    for stage, (filters, count) in enumerate(stages, 1):
        layers += [Conv(filters, padding="same", name=f"block{stage}_conv{number}") for number in range(1, count + 1)]
        layers.append(LocalPooling(name=f"block{stage}_pool"))
    return layers
