"""Write small models as this folder has them, with the installed Keras: `python make.py` in an environment with Keras.

The files come from keras 3.1.1 (with jax 0.4.30), keras 2.15.0 (with tensorflow-cpu 2.15.1) and keras 3.15.1. Each
model is a .keras file or its config.json, and a JSON file with what Keras counts: layers with output shapes and
parameters, and the totals.
"""

import json
import sys
import zipfile
from pathlib import Path

import keras
from keras import layers

FOLDER = Path(__file__).parent


def make_residual():
    """Residual and dense connections, squeeze-and-excitation, separable, grouped and transposed convolutions."""
    image = layers.Input((33, 32, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(image)
    x = layers.Normalization(mean=[0.5, 0.4, 0.3], variance=[1.0, 2.0, 3.0], name="norm")(x)
    x = layers.ZeroPadding2D(((1, 2), (0, 1)), name="pad")(x)
    x = layers.Conv2D(8, 3, strides=2, use_bias=False, name="stem")(x)
    x = start = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.Activation("swish", name="stem_act")(x)
    x = layers.SeparableConv2D(8, (3, 5), padding="same", name="separable")(x)
    x = layers.Add(name="sum")([start, x])
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x)
    gate = layers.Conv2D(2, 1, activation="relu", name="reduce")(gate)
    gate = layers.Conv2D(8, 1, activation="sigmoid", name="expand")(gate)
    x = layers.Multiply(name="excite")([x, gate])
    y = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="depthwise")(x)
    y = layers.LeakyReLU(name="leaky")(y)
    x = layers.Concatenate(name="join")([x, y])
    x = layers.Conv2D(12, 3, padding="same", groups=4, dilation_rate=2, name="grouped")(x)
    x = layers.LayerNormalization(name="layer_norm")(x)
    x = layers.AveragePooling2D(3, strides=2, padding="same", name="pool")(x)
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", name="up")(x)
    x = layers.Cropping2D(((1, 0), (1, 1)), name="crop")(x)
    x = layers.UpSampling2D(2, name="double")(x)
    x = layers.SpatialDropout2D(0.1, name="dropout")(x)
    x = layers.Reshape((-1, 6), name="flat")(x)
    x = layers.Conv1D(4, 3, padding="causal", name="causal")(x)
    x = layers.PReLU(shared_axes=[1], name="prelu")(x)
    x = layers.GlobalMaxPooling1D(name="largest")(x)
    return keras.Model(image, layers.Dense(3, activation="softmax", name="classes")(x), name="residual")


def make_chain():
    """A Sequential model with augmentation, dropout and a layer that is not trained."""
    frozen = layers.Conv2D(4, 3, activation="relu", name="frozen")
    model = keras.Sequential(
        [
            layers.Input((20, 20, 1)),
            layers.RandomFlip("horizontal", name="flip"),
            layers.Conv2D(4, (3, 1), padding="same", activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            frozen,
            layers.GaussianNoise(0.1, name="noise"),
            layers.Flatten(name="flatten"),
            layers.Dropout(0.2, name="dropout"),
            layers.Dense(2, name="classes"),
        ],
        name="chain",
    )
    frozen.trainable = False  # after building: Keras 3.1 counts the weights as trained otherwise
    return model


def make_nested():
    """A frozen model inside a model, a shared layer, and two inputs and outputs."""
    inner_image = layers.Input((16, 16, 3), name="inner_image")
    inner = keras.Model(inner_image, layers.ReLU(6.0, name="cap")(layers.Conv2D(5, 3, name="inner_conv")(inner_image)))
    inner.trainable = False
    inner._name = "inner"
    first, second = layers.Input((16, 16, 3), name="first"), layers.Input((16, 16, 3), name="second")
    shared = layers.Conv2D(5, 3, padding="same", name="shared")
    a, b = shared(inner(first)), shared(inner(second))
    both = layers.GlobalAveragePooling2D(name="mean")(layers.Subtract(name="difference")([a, b]))
    tower = keras.Sequential([layers.Dense(4, activation="relu", name="hidden"), layers.Dense(2, name="last")])
    tower._name = "tower"
    return keras.Model([first, second], [tower(both), layers.Dense(1, name="score")(both)], name="nested")


def describe(model):
    found = []

    def walk(model, prefix):
        for layer in model.layers:
            if isinstance(layer, keras.Model):
                walk(layer, f"{prefix}{layer.name}/")
            elif not isinstance(layer, layers.InputLayer):
                output = (
                    layer.get_output_at(0) if hasattr(layer, "get_output_at") else layer._inbound_nodes[0].outputs[0]
                )
                found.append([f"{prefix}{layer.name}", list(output.shape)[1:], layer.count_params()])

    walk(model, "")
    trained = sum(
        int(keras.ops.size(w)) if hasattr(keras, "ops") else w.shape.num_elements() for w in model.trainable_weights
    )
    return {"layers": found, "total": model.count_params(), "trainable": int(trained)}


if __name__ == "__main__":
    for make in (make_residual, make_chain, make_nested):
        model = make()
        stem = FOLDER / f"keras-{keras.__version__}-{model.name}"
        model.save(f"{stem}.keras")
        if model.name != "chain":  # a bare config is smaller, and the reader accepts it too
            with zipfile.ZipFile(f"{stem}.keras") as archive:
                Path(f"{stem}.config.json").write_bytes(archive.read("config.json"))
            Path(f"{stem}.keras").unlink()
        Path(f"{stem}.json").write_text(json.dumps(describe(model)), encoding="utf-8")
        print(stem.name, model.count_params(), file=sys.stderr)
