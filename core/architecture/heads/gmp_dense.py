"""The strongest response of each map decides."""

from core.architecture.head import head
from core.architecture.layers import Dense, GlobalPooling, Layer, Softmax
from core.spec import RunSpec


@head(label="GMP + Dense", place=4)
def gmp_dense(spec: RunSpec, classes: int) -> list[Layer]:
    """Global max pooling of the backbone's maps, then one Dense layer to the classes."""
    return [GlobalPooling("max"), Dense(classes), Softmax()]
