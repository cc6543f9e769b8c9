"""Global max pooling instead of global average pooling."""

from core.architecture.head import head, optional_dropout, outputs
from core.architecture.layers import Layer
from core.architecture.pooling import GlobalPooling
from core.spec import RunSpec


@head(label="GMP + Dense", order=4, uses=("head_dropout",))
def gmp_dense(spec: RunSpec, classes: int) -> list[Layer]:
    """Global max pooling of the backbone's maps, then one Dense layer to the classes."""
    return [GlobalPooling("max"), *optional_dropout(spec.head_dropout), *outputs(spec, classes)]
