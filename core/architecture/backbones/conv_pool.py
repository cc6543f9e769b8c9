"""Backbone of kmnist-heads and, with a larger kernel, of mnist-heads."""

from core.architecture.backbone import POOLING, backbone, downsample
from core.architecture.head import optional_dropout
from core.architecture.layers import Conv, Layer
from core.spec import RunSpec


@backbone(
    label="Conv–pool blocks",
    order=1,
    uses=("blocks", "filters", "dropout", "kernel_size", "padding", "strides", *POOLING),
)
def conv_pool(spec: RunSpec) -> list[Layer]:
    """Convolution with ReLU, pooling (2×2 max pooling by default) and dropout; filters double with each block."""
    layers: list[Layer] = []
    for block in range(spec.blocks):
        filters = spec.filters * 2**block
        convolution = Conv(filters, spec.kernel_size, spec.padding, strides=spec.strides)
        layers += [convolution, downsample(spec, filters), *optional_dropout(spec.dropout)]
    return layers
