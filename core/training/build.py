"""Construction of Keras models from the layers of an architecture."""

from dataclasses import asdict
from typing import Any, cast

import keras

from core.architecture.model import LayerRow, Model
from core.spec import RunSpec

_LOSSES = {
    "categorical": ("categorical_crossentropy", keras.losses.CategoricalCrossentropy),
    "sparse": ("sparse_categorical_crossentropy", keras.losses.SparseCategoricalCrossentropy),
}


def build_model(model: Model) -> keras.Sequential:
    """Return a compiled Keras model with the layers and names of `model.rows`; weights and dropout depend on the seed.

    Layers store their arguments under Keras' argument names, so most are passed unchanged.

    Input shape: (batch, side, side, channels), float32 between 0 and 1.
    Output shape: (batch, classes), float32 probabilities; (batch, 1) for the binary loss.
    """
    spec = model.spec
    keras.utils.set_random_seed(spec.seed)
    layers = [
        _build_layer(asdict(cast(Any, layer)), row, spec) for layer, row in zip(model.layers, model.rows, strict=True)
    ]
    built = keras.Sequential([keras.Input(model.input_shape), *layers], name=f"{spec.backbone}_{spec.head}")
    compile_model(built, spec, keras.optimizers.Adam(spec.learning_rate))
    built.optimizer.build(built.trainable_variables)
    return built


def compile_model(model: keras.Sequential, spec: RunSpec, optimizer: keras.optimizers.Optimizer) -> None:
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


def _build_layer(settings: dict[str, Any], row: LayerRow, spec: RunSpec) -> keras.layers.Layer:
    settings.pop("reduce", None)  # part of the type, such as GlobalAveragePooling2D
    if row.type == "Activation":
        settings["activation"] = "sigmoid"
    if row.type.startswith("ZeroPadding"):
        settings["padding"] = ((0, settings.pop("width")),) * (len(row.output_shape) - 1)
    if (spec.l1 or spec.l2) and row.type.startswith(("Conv", "Dense")):
        l2 = keras.regularizers.L2(spec.l2)
        settings["kernel_regularizer"] = keras.regularizers.L1L2(spec.l1, spec.l2) if spec.l1 else l2
    layer = getattr(keras.layers, row.type)(**{**settings, "name": row.name})
    layer.trainable = not (spec.frozen and row.part == "backbone")
    return layer


def read_layers(model: keras.Sequential) -> list[dict[str, object]]:
    """Return name, type, output_shape without the batch axis, and Keras' parameter counts of each layer."""
    return [
        {
            "name": layer.name,
            "type": type(layer).__name__,
            "output_shape": list(layer.output.shape[1:]),
            "trainable": _count(layer.trainable_weights),
            "non_trainable": _count(layer.non_trainable_weights),
        }
        for layer in model.layers
    ]


def _count(weights: list[keras.Variable]) -> int:
    return sum(int(weight.value.shape.num_elements()) for weight in weights)
