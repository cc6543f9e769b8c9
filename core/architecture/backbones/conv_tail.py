"""Backbone of celeba-heads: it ends with a convolution, so that the head does the last pooling."""

from core.architecture.backbone import backbone
from core.architecture.head import optional_dropout
from core.architecture.layers import Conv, Layer, MaxPooling
from core.spec import RunSpec

_DROPPED_BLOCKS = 2


@backbone(label="Conv–pool blocks with a last convolution", order=3, uses=("blocks", "filters", "dropout"))
def conv_tail(spec: RunSpec) -> list[Layer]:
    """3×3 convolutions with same padding and ReLU, each except the last followed by 2×2 max pooling, the first two also
    by dropout; filters double with each block."""
    layers: list[Layer] = []
    for block in range(spec.blocks):
        layers.append(Conv(spec.filters * 2**block, padding="same"))
        if block < spec.blocks - 1:
            layers += [MaxPooling(), *(optional_dropout(spec.dropout) if block < _DROPPED_BLOCKS else [])]
    return layers
