"""NASNet Mobile without its top layers (Zoph et al. 2018), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.nasnet import add_nasnet
from core.architecture.graph import Graph, Items
from core.spec import RunSpec


@backbone(
    label="NASNet Mobile (ImageNet)",
    order=16,
    weights=PretrainedWeights(
        "nasnet_mobile_no_top.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/nasnet/",
        remote_file="NASNet-mobile-no-top.h5",
    ),
)
def nasnet_mobile(spec: RunSpec) -> Items:
    """Sixteen cells found by architecture search, pretrained on ImageNet; frozen or fine-tuned."""
    graph = Graph()
    add_nasnet(graph, filters=44, blocks=4, stem_filters=32)
    return graph.items
