"""Description of a Keras model that was read from a file."""

from collections.abc import Sequence

from core.architecture.keras_model import KerasModel
from core.plural import format_plural


def describe_keras_model(model: KerasModel) -> str:
    """Describe inputs, outputs, layers that are called twice, and the layer at which the diagram is divided."""
    shapes = dict(model.inputs) | {row.name: row.output_shape for row in model.rows}

    def write(names: Sequence[str]) -> str:
        return ", ".join(" × ".join(map(str, shapes[name])) for name in names)

    inputs, shared = [name for name, _ in model.inputs], model.list_shared()
    parts = [
        f"{model.name}: {format_plural(len(inputs), 'input')} ({write(inputs)}), "
        f"{format_plural(len(model.outputs), 'output')} ({write(model.outputs)})."
    ]
    if shared:
        parts.append(f"A further call of a layer is named {shared[0]}; its parameters count once.")
    if model.cut:
        parts.append(f"The backbone ends at {model.cut} ({write([model.cut])}).")
    return " ".join(parts)
