"""The second reader of an architecture: the same layer records, as a Keras model."""

from dataclasses import asdict
from typing import Any, cast

import keras

from core.architecture.model import LayerRow, Model
from core.spec import RunSpec

_LOSSES = {
    "categorical": "categorical_crossentropy",
    "sparse": "sparse_categorical_crossentropy",
    "binary": keras.losses.BinaryCrossentropy(from_logits=True),
}


def build_model(model: Model) -> keras.Sequential:
    """A compiled model with the layers and names of `model.rows`; the spec's seed fixes its weights and its dropout.

    Layer records carry their settings under Keras' own argument names, so most need no translation.

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
    """Also for a model that was saved: a former version compiled with another loss for the same spec."""
    model.compile(
        optimizer=optimizer,
        loss=_LOSSES[spec.loss],
        metrics=["accuracy"],
        jit_compile=False,  # compiled for these small convolutions on a CPU, steps take longer
    )


def _build_layer(settings: dict[str, Any], row: LayerRow, spec: RunSpec) -> keras.layers.Layer:
    settings.pop("reduce", None)  # it is in the type: GlobalAveragePooling2D
    if row.type == "Activation":
        settings["activation"] = "sigmoid"
    if row.type.startswith("ZeroPadding"):
        settings["padding"] = ((0, settings.pop("width")),) * (len(row.output_shape) - 1)
    if spec.l2 and row.type.startswith(("Conv", "Dense")):
        settings["kernel_regularizer"] = keras.regularizers.L2(spec.l2)
    layer = getattr(keras.layers, row.type)(**{**settings, "name": row.name})
    layer.trainable = not (spec.frozen and row.part == "backbone")
    return layer


def read_layers(model: keras.Sequential) -> list[dict[str, object]]:
    """Layers as Keras counts them: name, type, output_shape without the batch axis, trainable and non_trainable."""
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
