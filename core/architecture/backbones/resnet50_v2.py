"""ResNet-50 V2 without its top layers (He et al. 2016), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.resnet import add_resnet_v2
from core.architecture.graph import Graph, Items
from core.spec import RunSpec


@backbone(
    label="ResNet-50 V2 (ImageNet)",
    order=14,
    weights=PretrainedWeights(
        "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/resnet/",
    ),
)
def resnet50_v2(spec: RunSpec) -> Items:
    """A convolution and sixteen residual blocks with pre-activation, pretrained on ImageNet; frozen or fine-tuned."""
    graph = Graph()
    add_resnet_v2(graph, ((64, 3, 2), (128, 4, 2), (256, 6, 2), (512, 3, 1)))
    return graph.items
