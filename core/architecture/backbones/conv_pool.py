"""R1's backbone: convolution, max pooling, dropout, repeated."""

from core.architecture.backbone import backbone
from core.architecture.layers import Conv, Dropout, Layer, MaxPooling
from core.spec import RunSpec


@backbone(label="Conv–pool blocks", place=1, uses=("blocks", "filters", "dropout"))
def conv_pool(spec: RunSpec) -> list[Layer]:
    """3×3 valid convolution with ReLU, 2×2 max pooling and dropout; filters double from block to block."""
    layers: list[Layer] = []
    for block in range(spec.blocks):
        layers += [Conv(spec.filters * 2**block), MaxPooling(), Dropout(spec.dropout)]
    return layers
