"""DenseNet-121 without its top layers (Huang et al. 2017), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.densenet import add_densenet
from core.architecture.graph import Graph, Items
from core.spec import RunSpec


@backbone(
    label="DenseNet-121 (ImageNet)",
    order=15,
    weights=PretrainedWeights(
        "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/densenet/",
    ),
)
def densenet121(spec: RunSpec) -> Items:
    """A convolution and 58 blocks that append their maps, pretrained on ImageNet; frozen or fine-tuned."""
    graph = Graph()
    add_densenet(graph, (6, 12, 24, 16))
    return graph.items
