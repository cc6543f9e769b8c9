"""Backbone of kmnist-heads and, with a larger kernel, of mnist-heads."""

from core.architecture.backbone import backbone
from core.architecture.head import optional_dropout
from core.architecture.layers import Conv, Layer, MaxPooling
from core.spec import RunSpec


@backbone(label="Conv–pool blocks", order=1, uses=("blocks", "filters", "dropout", "kernel_size", "padding"))
def conv_pool(spec: RunSpec) -> list[Layer]:
    """Convolution with ReLU, 2×2 max pooling and dropout; filters double with each block."""
    layers: list[Layer] = []
    for block in range(spec.blocks):
        convolution = Conv(spec.filters * 2**block, spec.kernel_size, spec.padding)
        layers += [convolution, MaxPooling(), *optional_dropout(spec.dropout)]
    return layers
