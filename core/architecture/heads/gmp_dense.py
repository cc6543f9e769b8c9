"""The strongest response of each map decides."""

from core.architecture.head import drop, head, outputs
from core.architecture.layers import GlobalPooling, Layer
from core.spec import RunSpec


@head(label="GMP + Dense", place=4, uses=("head_dropout",))
def gmp_dense(spec: RunSpec, classes: int) -> list[Layer]:
    """Global max pooling of the backbone's maps, then one Dense layer to the classes."""
    return [GlobalPooling("max"), *drop(spec.head_dropout), *outputs(spec, classes)]
