"""ConvNeXt Tiny without its top layers (Liu et al. 2022), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.convnext import add_convnext
from core.architecture.graph import Graph, Items
from core.spec import RunSpec


@backbone(
    label="ConvNeXt Tiny (ImageNet)",
    order=19,
    weights=PretrainedWeights(
        "convnext_tiny_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/convnext/",
    ),
)
def convnext_tiny(spec: RunSpec) -> Items:
    """Eighteen blocks of a depthwise convolution and two Dense layers, pretrained on ImageNet; frozen or fine-tuned."""
    graph = Graph()
    add_convnext(graph, "convnext_tiny", ((3, 96), (3, 192), (9, 384), (3, 768)))
    return graph.items
