"""EfficientNetV2-B0 without its top layers (Tan & Le 2021), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.efficientnet import EfficientStage, add_efficientnet_v2
from core.architecture.graph import Graph, Items
from core.spec import RunSpec

_STAGES = (
    EfficientStage(3, 1, 32, 16, 1, 1, squeeze=False, fused=True),
    EfficientStage(3, 2, 16, 32, 4, 2, squeeze=False, fused=True),
    EfficientStage(3, 2, 32, 48, 4, 2, squeeze=False, fused=True),
    EfficientStage(3, 3, 48, 96, 4, 2),
    EfficientStage(3, 5, 96, 112, 6, 1),
    EfficientStage(3, 8, 112, 192, 6, 2),
)


@backbone(
    label="EfficientNetV2-B0 (ImageNet)",
    order=12,
    weights=PretrainedWeights(
        "efficientnetv2-b0_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/efficientnet_v2/",
    ),
)
def efficientnet_v2_b0(spec: RunSpec) -> Items:
    """A convolution and 21 inverted residual blocks, the first five with one convolution instead of two, pretrained on
    ImageNet; frozen or fine-tuned."""
    graph = Graph()
    add_efficientnet_v2(graph, _STAGES)
    return graph.items
