"""The published head of kmnist-heads without Dense layers: a ReLU follows its class scores."""

from core.architecture.head import head
from core.architecture.layers import Conv, Layer, Softmax
from core.architecture.pooling import GlobalPooling
from core.errors import SpecError
from core.spec import RunSpec


@head(label="GAP", order=1)
def gap(spec: RunSpec, classes: int) -> list[Layer]:
    """One 3×3 convolution to one map per class, ReLU, global average pooling and softmax; no Dense layer."""
    if spec.loss == "binary":
        raise SpecError(
            "The head 'gap' cannot use the binary loss: its ReLU prevents negative scores. Choose another head or loss."
        )
    return [Conv(classes, padding="same", name="class_maps"), GlobalPooling("average"), Softmax()]
