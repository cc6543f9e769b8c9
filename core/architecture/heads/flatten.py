"""The classic head without its hidden layer."""

from core.architecture.head import head
from core.architecture.layers import Dense, Flatten, Layer, Softmax
from core.spec import RunSpec


@head(label="Flatten", place=6)
def flatten(spec: RunSpec, classes: int) -> list[Layer]:
    """Flatten, then one Dense layer to the classes."""
    return [Flatten(), Dense(classes), Softmax()]
