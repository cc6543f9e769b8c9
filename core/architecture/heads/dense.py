"""The classic head, the baseline of kmnist-heads."""

from core.architecture.head import head, optional_dropout, outputs
from core.architecture.layers import Dense, Flatten, Layer
from core.spec import RunSpec


@head(label="Flatten + Dense", order=5, uses=("units", "head_dropout"))
def dense(spec: RunSpec, classes: int) -> list[Layer]:
    """Flatten, a hidden Dense layer with ReLU, optional dropout, then one Dense layer to the classes."""
    return [Flatten(), Dense(spec.units, "relu"), *optional_dropout(spec.head_dropout), *outputs(spec, classes)]
