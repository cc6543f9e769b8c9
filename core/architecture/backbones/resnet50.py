"""ResNet-50 without its top layers (He et al. 2016), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.resnet import add_resnet
from core.architecture.graph import Graph, Items
from core.spec import RunSpec


@backbone(
    label="ResNet-50 (ImageNet)",
    order=13,
    weights=PretrainedWeights(
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/resnet/",
        reversed_channels=True,
    ),
)
def resnet50(spec: RunSpec) -> Items:
    """A convolution and sixteen residual blocks, pretrained on ImageNet; frozen or fine-tuned."""
    graph = Graph()
    add_resnet(graph, ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)))
    return graph.items
