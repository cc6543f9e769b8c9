"""MobileNetV2 without its top layers (Sandler et al. 2018), with ImageNet weights."""

from core.architecture.backbone import PretrainedWeights, backbone
from core.architecture.families.inverted_residual import add_mobilenet_v2
from core.architecture.graph import Graph, Items
from core.spec import RunSpec

# repeats, filters, stride of the first block and expansion factor
_STAGES = (
    (1, 16, 1, 1), (2, 24, 2, 6), (3, 32, 2, 6), (4, 64, 2, 6), (3, 96, 1, 6), (3, 160, 2, 6), (1, 320, 1, 6),
)  # fmt: skip


@backbone(
    label="MobileNetV2 (ImageNet)",
    order=8,
    weights=PretrainedWeights(
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/",
    ),
)
def mobilenet_v2(spec: RunSpec) -> Items:
    """A convolution and seventeen inverted residual blocks, pretrained on ImageNet; frozen or fine-tuned."""
    graph = Graph()
    blocks = [
        (filters, 1 if repeat else stride, expansion)
        for count, filters, stride, expansion in _STAGES
        for repeat in range(count)
    ]
    add_mobilenet_v2(graph, blocks)
    return graph.items
