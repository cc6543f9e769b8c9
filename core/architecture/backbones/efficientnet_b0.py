"""EfficientNet-B0 without its top layers (Tan & Le 2019), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.efficientnet import EfficientStage, add_efficientnet
from core.architecture.graph import Graph, Items
from core.spec import RunSpec

_STAGES = (
    EfficientStage(3, 1, 32, 16, 1, 1),
    EfficientStage(3, 2, 16, 24, 6, 2),
    EfficientStage(5, 2, 24, 40, 6, 2),
    EfficientStage(3, 3, 40, 80, 6, 2),
    EfficientStage(5, 3, 80, 112, 6, 1),
    EfficientStage(5, 4, 112, 192, 6, 2),
    EfficientStage(3, 1, 192, 320, 6, 1),
)


@backbone(
    label="EfficientNet-B0 (ImageNet)",
    order=11,
    weights=PretrainedWeights(
        "efficientnetb0_notop.h5",
        "https://storage.googleapis.com/keras-applications/",
    ),
)
def efficientnet_b0(spec: RunSpec) -> Items:
    """A convolution and sixteen inverted residual blocks with squeeze-and-excitation, pretrained on ImageNet; frozen or
    fine-tuned."""
    graph = Graph()
    add_efficientnet(graph, _STAGES)
    return graph.items
