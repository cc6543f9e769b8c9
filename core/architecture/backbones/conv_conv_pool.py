"""Backbone of VGG-style tutorials: two convolutions before each pooling (demo224-heads)."""

from core.architecture.backbone import backbone
from core.architecture.layers import BatchNormalization, Conv, Layer, MaxPooling
from core.spec import RunSpec


@backbone(label="Conv–conv–pool blocks", order=2, uses=("blocks", "filters", "kernel_size", "padding"))
def conv_conv_pool(spec: RunSpec) -> list[Layer]:
    """Two convolutions with ReLU, 2×2 max pooling and batch normalization; filters double with each block."""
    layers: list[Layer] = []
    for block in range(spec.blocks):
        convolution = Conv(spec.filters * 2**block, spec.kernel_size, spec.padding)
        layers += [convolution, convolution, MaxPooling(), BatchNormalization()]
    return layers
