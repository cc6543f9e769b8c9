"""The classic head, R1's opponent."""

from core.architecture.head import head
from core.architecture.layers import Dense, Flatten, Layer, Softmax
from core.spec import RunSpec


@head(label="Flatten + Dense", place=5, uses=("units",))
def dense(spec: RunSpec, classes: int) -> list[Layer]:
    """Flatten, a hidden Dense layer with ReLU, then one Dense layer to the classes."""
    return [Flatten(), Dense(spec.units, "relu"), Dense(classes), Softmax()]
