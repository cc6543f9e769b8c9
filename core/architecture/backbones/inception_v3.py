"""Inception-v3 without its top layers (Szegedy et al. 2016), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.inception import add_inception_v3
from core.architecture.graph import Graph, Items
from core.spec import RunSpec


@backbone(
    label="Inception-v3 (ImageNet)",
    order=18,
    weights=PretrainedWeights(
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/",
    ),
)
def inception_v3(spec: RunSpec) -> Items:
    """Five convolutions and eleven blocks of parallel convolutions, pretrained on ImageNet; frozen or fine-tuned."""
    graph = Graph()
    add_inception_v3(graph)
    return graph.items
