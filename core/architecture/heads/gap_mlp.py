"""Several Dense layers on the pooled maps, common in transfer learning."""

from core.architecture.head import drop, head, outputs, read_hidden
from core.architecture.layers import Dense, GlobalPooling, Layer
from core.spec import RunSpec


@head(label="GAP + MLP", place=8, uses=("hidden", "head_dropout"))
def gap_mlp(spec: RunSpec, classes: int) -> list[Layer]:
    """Global average pooling, dropout, hidden Dense layers with ReLU, then one Dense layer to the classes."""
    hidden = [Dense(units, "relu") for units in read_hidden(spec)]
    return [GlobalPooling("average"), *drop(spec.head_dropout), *hidden, *outputs(spec, classes)]
