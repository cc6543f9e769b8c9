"""The second reader of an architecture: the same layer records, as a Keras model."""

from dataclasses import asdict

import keras

from core.architecture.model import LayerRow, Model


def build_model(model: Model) -> keras.Sequential:
    """A compiled model with the layers and names of `model.rows`; the spec's seed fixes its weights and its dropout.

    Layer records carry their settings under Keras' own argument names, so most need no translation.

    Input shape: (batch, side, side, channels), float32 between 0 and 1.
    Output shape: (batch, classes), float32 probabilities.
    """
    keras.utils.set_random_seed(model.spec.seed)
    layers = [_build_layer(asdict(layer), row) for layer, row in zip(model.layers, model.rows, strict=True)]
    built = keras.Sequential([keras.Input(model.input_shape), *layers], name=f"{model.spec.backbone}_{model.spec.head}")
    built.compile(
        optimizer=keras.optimizers.Adam(model.spec.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,  # compiled for these small convolutions on a CPU, steps take longer
    )
    built.optimizer.build(built.trainable_variables)
    return built


def _build_layer(settings: dict[str, object], row: LayerRow) -> keras.layers.Layer:
    settings.pop("reduce", None)  # it is in the type: GlobalAveragePooling2D
    return getattr(keras.layers, row.type)(**{**settings, "name": row.name})


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
