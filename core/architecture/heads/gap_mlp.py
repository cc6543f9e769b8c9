"""Several Dense layers after global average pooling, common in transfer learning."""

from core.architecture.head import head, optional_dropout, outputs, read_hidden
from core.architecture.layers import Dense, Layer
from core.architecture.pooling import GlobalPooling
from core.spec import RunSpec


@head(label="GAP + MLP", order=8, uses=("hidden", "head_dropout"))
def gap_mlp(spec: RunSpec, classes: int) -> list[Layer]:
    """Global average pooling, dropout, hidden Dense layers with ReLU, then one Dense layer to the classes."""
    hidden = [Dense(units, "relu") for units in read_hidden(spec)]
    return [GlobalPooling("average"), *optional_dropout(spec.head_dropout), *hidden, *outputs(spec, classes)]
