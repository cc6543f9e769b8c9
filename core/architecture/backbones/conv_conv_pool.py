"""Backbone of VGG-style tutorials: two convolutions before each pooling (demo224-heads)."""

from core.architecture.backbone import POOLING, backbone, downsample
from core.architecture.layers import BatchNormalization, Conv, Layer
from core.spec import RunSpec


@backbone(
    label="Conv–conv–pool blocks",
    order=2,
    uses=("blocks", "filters", "kernel_size", "padding", "strides", *POOLING),
)
def conv_conv_pool(spec: RunSpec) -> list[Layer]:
    """Two convolutions with ReLU, pooling (2×2 max pooling by default) and batch normalization; filters double with
    each block."""
    layers: list[Layer] = []
    for block in range(spec.blocks):
        filters = spec.filters * 2**block
        convolution = Conv(filters, spec.kernel_size, spec.padding, strides=spec.strides)
        layers += [convolution, convolution, downsample(spec, filters), BatchNormalization()]
    return layers
