"""Backbone of celeba-heads: it ends with a convolution, so that the head does the last pooling."""

from core.architecture.backbone import POOLING, backbone, downsample
from core.architecture.head import optional_dropout
from core.architecture.layers import Conv, Layer
from core.spec import RunSpec

_DROPPED_BLOCKS = 2


@backbone(
    label="Conv–pool blocks with a last convolution",
    order=3,
    uses=("blocks", "filters", "dropout", "strides", *POOLING),
)
def conv_tail(spec: RunSpec) -> list[Layer]:
    """3×3 convolutions with same padding and ReLU, each except the last followed by pooling (2×2 max pooling by
    default), the first two also by dropout; filters double with each block."""
    layers: list[Layer] = []
    for block in range(spec.blocks):
        filters = spec.filters * 2**block
        layers.append(Conv(filters, padding="same", strides=spec.strides))
        if block < spec.blocks - 1:
            layers += [downsample(spec, filters), *(optional_dropout(spec.dropout) if block < _DROPPED_BLOCKS else [])]
    return layers
