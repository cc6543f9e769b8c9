"""The classic head without a hidden layer."""

from core.architecture.head import head, optional_dropout, outputs
from core.architecture.layers import Flatten, Layer
from core.spec import RunSpec


@head(label="Flatten", order=6, uses=("head_dropout",))
def flatten(spec: RunSpec, classes: int) -> list[Layer]:
    """Flatten, then one Dense layer to the classes."""
    return [Flatten(), *optional_dropout(spec.head_dropout), *outputs(spec, classes)]
