"""The head of ResNet and its successors."""

from core.architecture.head import head, optional_dropout, outputs
from core.architecture.layers import Layer
from core.architecture.pooling import GlobalPooling
from core.spec import RunSpec


@head(label="GAP + Dense", order=3, uses=("head_dropout",))
def gap_dense(spec: RunSpec, classes: int) -> list[Layer]:
    """Global average pooling of the backbone's maps, then one Dense layer to the classes, as in ResNet."""
    return [GlobalPooling("average"), *optional_dropout(spec.head_dropout), *outputs(spec, classes)]
