"""Construction of Keras models from the layers of an architecture."""

from dataclasses import asdict
from typing import Any, cast

import keras
from keras.src.applications.convnext import LayerScale  # Keras has it nowhere else

from core.architecture.elementwise import ActivationLayer
from core.architecture.graph import LayerRow
from core.architecture.layers import Layer, Shape, Sigmoid
from core.architecture.merge import Concatenate
from core.architecture.model import Model
from core.architecture.spatial import SeparableConv, ZeroPadding
from core.spec import RunSpec
from core.training.forward import list_layers

_PENALIZED = ("Conv", "Dense", "SeparableConv")

_LOSSES = {
    "categorical": ("categorical_crossentropy", keras.losses.CategoricalCrossentropy),
    "sparse": ("sparse_categorical_crossentropy", keras.losses.SparseCategoricalCrossentropy),
}


def build_model(model: Model) -> keras.Model:
    """Return a compiled Keras model with the layers and names of `model.rows`; weights and dropout depend on the seed.

    A chain of layers becomes a Sequential model, a graph a functional one. Layers store their arguments under Keras'
    argument names, so most are passed unchanged.

    Input shape: (batch, side, side, channels), float32 between 0 and 1.
    Output shape: (batch, classes), float32 probabilities; (batch, 1) for the binary loss.
    """
    spec = model.spec
    keras.utils.set_random_seed(spec.seed)
    layers = [
        _build_layer(layer, row, shapes[0], spec)
        for layer, row, shapes in zip(model.layers, model.rows, model.list_input_shapes(), strict=True)
    ]
    name = f"{spec.backbone}_{spec.head}"
    if model.is_chain:
        built = keras.Sequential([keras.Input(model.input_shape), *layers], name=name)
    else:
        built = _connect(model, layers, name)
    compile_model(built, spec, keras.optimizers.Adam(spec.learning_rate))
    built.optimizer.build(built.trainable_variables)
    return built


def _connect(model: Model, layers: list[keras.layers.Layer], name: str) -> keras.Model:
    """Return a functional model in which each layer reads the outputs that its row names."""
    tensors = {name: keras.Input(shape, name=name) for name, shape in model.inputs}
    for layer, row in zip(layers, model.rows, strict=True):
        found = [tensors[source] for source in row.inputs]
        tensors[row.name] = layer(found if len(found) > 1 else found[0])
    return keras.Model(tensors[model.inputs[0][0]], tensors[model.rows[-1].name], name=name)


def compile_model(model: keras.Model, spec: RunSpec, optimizer: keras.optimizers.Optimizer) -> None:
    """Compile a model. Loaded models are recompiled, because earlier versions used another loss for the same spec."""
    model.compile(
        optimizer=optimizer,
        loss=_choose_loss(spec),
        metrics=["accuracy"],
        jit_compile=False,  # slower for these small convolutions on a CPU
    )


def _choose_loss(spec: RunSpec) -> keras.losses.Loss | str:
    if spec.loss == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=True)
    from_probs, kind = _LOSSES[spec.loss]
    return kind(from_logits=True) if spec.from_logits else from_probs


def _build_layer(record: Layer, row: LayerRow, shape: Shape, spec: RunSpec) -> keras.layers.Layer:
    settings = asdict(cast(Any, record)) | {"name": row.name}
    for name in ("reduce", "kind"):  # parts of the type, such as GlobalAveragePooling2D
        settings.pop(name, None)
    if isinstance(record, Sigmoid):
        settings["activation"] = "sigmoid"
    if isinstance(record, ZeroPadding):
        pairs = record.pairs(shape)
        settings = {"padding": pairs[0] if len(pairs) == 1 else pairs, "name": row.name}
    if isinstance(record, ActivationLayer):
        settings["alpha" if record.kind == "ELU" else "negative_slope"] = settings.pop("value")
    if isinstance(record, Concatenate) and record.axis >= 0:
        settings["axis"] += 1  # with the batch axis
    if (spec.l1 or spec.l2) and row.type.startswith(_PENALIZED):
        l2 = keras.regularizers.L2(spec.l2)
        name = "pointwise_regularizer" if isinstance(record, SeparableConv) else "kernel_regularizer"
        settings[name] = keras.regularizers.L1L2(spec.l1, spec.l2) if spec.l1 else l2
    kind = LayerScale if row.type == LayerScale.__name__ else getattr(keras.layers, row.type)
    layer = kind(**settings)
    layer.trainable = not row.frozen
    return layer


def read_layers(model: keras.Model) -> list[dict[str, object]]:
    """Return name, type, output_shape without the batch axis, and Keras' parameter counts of each layer."""
    return [
        {
            "name": layer.name,
            "type": type(layer).__name__,
            "output_shape": list(layer.output.shape[1:]),
            "trainable": _count(layer.trainable_weights),
            "non_trainable": _count(layer.non_trainable_weights),
        }
        for layer in list_layers(model)
    ]


def _count(weights: list[keras.Variable]) -> int:
    return sum(int(weight.value.shape.num_elements()) for weight in weights)
