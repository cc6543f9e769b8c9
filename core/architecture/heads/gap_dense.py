"""The head of ResNet and its descendants."""

from core.architecture.head import head
from core.architecture.layers import Dense, GlobalPooling, Layer, Softmax
from core.spec import RunSpec


@head(label="GAP + Dense", place=3)
def gap_dense(spec: RunSpec, classes: int) -> list[Layer]:
    """Global average pooling of the backbone's maps, then one Dense layer to the classes."""
    return [GlobalPooling("average"), Dense(classes), Softmax()]
