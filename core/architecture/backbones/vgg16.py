"""VGG16 without its top layers (Simonyan & Zisserman 2015), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.layers import Conv, Layer, Rescaling
from core.architecture.pooling import LocalPooling
from core.spec import RunSpec

_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
_MEANS = (123.68, 116.779, 103.939)  # means of red, green and blue in ImageNet; VGG subtracts them


@backbone(
    label="VGG16 (ImageNet)",
    order=5,
    weights=PretrainedWeights(
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/",
        reversed_channels=True,
    ),
)
def vgg16(spec: RunSpec) -> list[Layer]:
    """Thirteen 3×3 convolutions in five stages, pretrained on ImageNet; frozen or fine-tuned."""
    layers: list[Layer] = [Rescaling(255.0, tuple(-mean for mean in _MEANS), name="preprocessing")]
    for stage, (filters, count) in enumerate(_STAGES, 1):
        layers += [Conv(filters, padding="same", name=f"block{stage}_conv{number}") for number in range(1, count + 1)]
        layers.append(LocalPooling(name=f"block{stage}_pool"))
    return layers
