"""Xception without its top layers (Chollet 2017), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.xception import add_xception
from core.architecture.graph import Graph, Items
from core.spec import RunSpec


@backbone(
    label="Xception (ImageNet)",
    order=17,
    weights=PretrainedWeights(
        "xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/xception/",
    ),
)
def xception(spec: RunSpec) -> Items:
    """Separable convolutions in fourteen blocks, pretrained on ImageNet; frozen or fine-tuned."""
    graph = Graph()
    add_xception(graph)
    return graph.items
