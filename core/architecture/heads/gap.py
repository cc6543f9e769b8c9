"""R1's Dense-free head as published: its class scores pass a ReLU, so they cannot be negative."""

from core.architecture.head import head
from core.architecture.layers import Conv, GlobalPooling, Layer, Softmax
from core.errors import SpecError
from core.spec import RunSpec


@head(label="GAP", order=1)
def gap(spec: RunSpec, classes: int) -> list[Layer]:
    """One 3×3 convolution to a map per class, ReLU, global average pooling, softmax; no Dense layer."""
    if spec.loss == "binary":
        raise SpecError(
            "Expected a head whose scores can be negative for the binary loss; got 'gap', whose ReLU cannot."
        )
    return [Conv(classes, padding="same", name="class_maps"), GlobalPooling("average"), Softmax()]
