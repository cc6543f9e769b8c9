"""MobileNetV3 Large without its top layers (Howard et al. 2019), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.inverted_residual import MobileBlock, add_mobilenet_v3
from core.architecture.graph import Graph, Items
from core.spec import RunSpec

_BLOCKS = (
    MobileBlock(1, 16, 3, 1, squeeze=False, hard=False),
    MobileBlock(4, 24, 3, 2, squeeze=False, hard=False),
    MobileBlock(3, 24, 3, 1, squeeze=False, hard=False),
    MobileBlock(3, 40, 5, 2, squeeze=True, hard=False),
    MobileBlock(3, 40, 5, 1, squeeze=True, hard=False),
    MobileBlock(3, 40, 5, 1, squeeze=True, hard=False),
    MobileBlock(6, 80, 3, 2, squeeze=False, hard=True),
    MobileBlock(2.5, 80, 3, 1, squeeze=False, hard=True),
    MobileBlock(2.3, 80, 3, 1, squeeze=False, hard=True),
    MobileBlock(2.3, 80, 3, 1, squeeze=False, hard=True),
    MobileBlock(6, 112, 3, 1, squeeze=True, hard=True),
    MobileBlock(6, 112, 3, 1, squeeze=True, hard=True),
    MobileBlock(6, 160, 5, 2, squeeze=True, hard=True),
    MobileBlock(6, 160, 5, 1, squeeze=True, hard=True),
    MobileBlock(6, 160, 5, 1, squeeze=True, hard=True),
)


@backbone(
    label="MobileNetV3 Large (ImageNet)",
    order=10,
    weights=PretrainedWeights(
        "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v3/",
    ),
)
def mobilenet_v3_large(spec: RunSpec) -> Items:
    """A convolution and fifteen inverted residual blocks, half of them with squeeze-and-excitation, pretrained on
    ImageNet; frozen or fine-tuned."""
    graph = Graph()
    add_mobilenet_v3(graph, _BLOCKS)
    return graph.items
