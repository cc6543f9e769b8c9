"""VGG16 without its top layers (Simonyan & Zisserman 2015), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.vgg import list_vgg_layers
from core.architecture.layers import Layer
from core.spec import RunSpec


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
    return list_vgg_layers(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)))
