"""Several Dense layers after Flatten, as in many introductory tutorials."""

from core.architecture.head import head, optional_dropout, outputs, read_hidden
from core.architecture.layers import Dense, Flatten, Layer
from core.spec import RunSpec


@head(label="Flatten + MLP", order=7, uses=("hidden", "head_dropout"))
def mlp(spec: RunSpec, classes: int) -> list[Layer]:
    """Flatten, dropout, hidden Dense layers with ReLU, then one Dense layer to the classes."""
    hidden = [Dense(units, "relu") for units in read_hidden(spec)]
    return [Flatten(), *optional_dropout(spec.head_dropout), *hidden, *outputs(spec, classes)]
