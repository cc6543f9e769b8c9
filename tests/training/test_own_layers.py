"""Layers of a user's model in training: each returns what Keras returns, or is refused when the model is added."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.architecture.graph import INPUT, LayerWalk
from core.architecture.model import Model
from core.errors import HeadroomError
from core.home import Home
from core.models.add import add_model
from core.models.model_info import locate_weights
from core.models.own_layers import list_model_layers
from core.spec import RunSpec
from tests.support.markers import long

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("training"),
    long,  # builds sixty models
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`:UserWarning"),
]

Layers = Callable[[Any, Any], Any]
"""Layers after two feature maps of shape (batch, 8, 8, 6), with values of both signs and in [0, 1]."""


def _list_cases() -> dict[str, tuple[Layers, bool]]:
    """Return layers by name, and whether they must be supported."""
    import keras
    from keras import layers, ops
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    return {
        "x + 3": (lambda x, y: x + 3.0, True),
        "3 + x": (lambda x, y: 3.0 + x, True),
        "x - 3": (lambda x, y: x - 3.0, True),
        "3 - x": (lambda x, y: 3.0 - x, True),
        "x * 3": (lambda x, y: x * 3.0, True),
        "x / 3": (lambda x, y: x / 3.0, True),
        "ops.add(x1=3)": (lambda x, y: ops.add(3.0, x2=x), True),
        "3 / y": (lambda x, y: 3.0 / (y + 1.0), False),
        "maximum(x, 0.1)": (lambda x, y: ops.maximum(x, 0.1), False),
        "x + y": (lambda x, y: x + y, True),
        "x - y": (lambda x, y: x - y, True),
        "x * y": (lambda x, y: x * y, True),
        "x / y": (lambda x, y: x / (y + 1.0), False),
        "maximum(x, y)": (lambda x, y: ops.maximum(x, y), True),
        "custom scale": (lambda x, y: CustomScaleLayer(0.3)([x, y]), True),
        "hard swish": (lambda x, y: x * layers.ReLU(6.0)(x + 3.0) * (1 / 6), True),
        "x + array": (lambda x, y: x + np.arange(6, dtype=np.float32), False),
        "relu6": (lambda x, y: ops.relu6(x), True),
        "gelu": (lambda x, y: ops.gelu(x), False),
        "gelu, exact": (lambda x, y: ops.gelu(x, approximate=False), True),
        "leaky relu": (lambda x, y: ops.leaky_relu(x, 0.3), True),
        "elu": (lambda x, y: ops.elu(x, 0.5), True),
        "LeakyReLU": (lambda x, y: layers.LeakyReLU(0.1)(x), True),
        "ELU": (lambda x, y: layers.ELU(0.5)(x), True),
        "PReLU": (lambda x, y: layers.PReLU(shared_axes=(1, 2))(x), True),
        "ReLU": (lambda x, y: layers.ReLU(0.5, negative_slope=0.1)(x), True),
        "ReLU with threshold": (lambda x, y: layers.ReLU(threshold=0.2)(x), False),
        "softmax": (lambda x, y: layers.Softmax()(x), True),
        "softmax of rows": (lambda x, y: layers.Softmax(axis=1)(x), False),
        "activation object": (lambda x, y: layers.Conv2D(4, 3, activation=layers.LeakyReLU(0.5))(x), False),
        "activation": (lambda x, y: layers.Activation("gelu")(x), True),
        "upsampling": (lambda x, y: layers.UpSampling2D(2)(x), True),
        "bilinear upsampling": (lambda x, y: layers.UpSampling2D(2, interpolation="bilinear")(x), True),
        "resizing": (lambda x, y: layers.Resizing(5, 7)(x), True),
        "nearest resizing": (lambda x, y: layers.Resizing(5, 7, interpolation="nearest")(x), True),
        "resizing with crop": (lambda x, y: layers.Resizing(4, 8, crop_to_aspect_ratio=True)(x), False),
        "center crop": (lambda x, y: layers.CenterCrop(4, 4)(x), False),
        "cropping": (lambda x, y: layers.Cropping2D(((1, 2), (0, 1)))(x), True),
        "zero padding": (lambda x, y: layers.ZeroPadding2D(((1, 2), (0, 1)))(x), True),
        "layer norm": (lambda x, y: layers.LayerNormalization(epsilon=1e-4)(x), True),
        "rms norm": (lambda x, y: layers.LayerNormalization(rms_scaling=True)(x), False),
        "group norm": (lambda x, y: layers.GroupNormalization(3)(x), True),
        "batch norm": (lambda x, y: layers.BatchNormalization(scale=False)(x), True),
        "separable": (lambda x, y: layers.SeparableConv2D(5, 3, depth_multiplier=2, activation="relu")(x), True),
        "depthwise": (lambda x, y: layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2)(x), True),
        "transposed": (lambda x, y: layers.Conv2DTranspose(5, 3, strides=2)(x), True),
        "groups": (lambda x, y: layers.Conv2D(4, 3, groups=2, dilation_rate=2)(x), True),
        "average pooling": (lambda x, y: layers.AveragePooling2D(3, 2, "same")(x), True),
        "global pooling": (lambda x, y: x * layers.GlobalMaxPooling2D(keepdims=True)(x), True),
        "reshape": (lambda x, y: layers.Reshape((4, -1, 6))(x), True),
        "permute": (lambda x, y: layers.Permute((2, 1, 3))(x), True),
        "average of maps": (lambda x, y: layers.Average()([x, y]), True),
        "concatenate rows": (lambda x, y: layers.Concatenate(axis=1)([x, y]), True),
        "normalization": (lambda x, y: layers.Normalization(mean=[0.1] * 6, variance=[2.0] * 6)(x), True),
        "noise": (lambda x, y: layers.GaussianNoise(0.5)(x), True),
        "spatial dropout": (lambda x, y: layers.SpatialDropout2D(0.5)(x), True),
        "half precision": (lambda x, y: _stack_half_precision(x), True),
        "nested": (lambda x, y: keras.Sequential([keras.Input((8, 8, 6)), layers.Conv2D(3, 3)])(x) + 1.0, True),
    }


def _stack_half_precision(maps: Any) -> Any:
    import keras

    for _ in range(12):
        maps = keras.layers.Conv2D(6, 3, padding="same", dtype="mixed_bfloat16")(maps)
        maps = keras.layers.LayerNormalization(dtype="mixed_bfloat16")(maps)
    return maps


def _save(path: Path, make: Layers) -> None:
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(5)
    image = keras.Input((8, 8, 3))
    scaled = keras.layers.Rescaling(1 / 255)(image)
    first = keras.layers.Conv2D(6, 3, padding="same")(scaled)
    second = keras.layers.Conv2D(6, 3, padding="same", activation="sigmoid")(scaled)
    maps = keras.layers.Conv2D(4, 1)(make(first, second))
    flat = keras.layers.Flatten()(keras.layers.Concatenate()([maps, maps]))
    model = keras.Model(image, keras.layers.Dense(3, activation="softmax")(flat))
    rng = np.random.default_rng(1)
    for weight in model.weights:  # not the initial values, and no negative variances
        if weight.dtype == "float32":
            weight.assign(np.asarray(weight) * 0.5 + 0.3 * rng.random(weight.shape, np.float32))
    model.save(path)


def test_layers_return_what_keras_returns_or_are_refused(home: Home, tmp_path: Path) -> None:
    from core.training.build import build_model
    from core.training.model_weights import copy_all_weights

    wrong = []
    for number, (label, (make, must)) in enumerate(_list_cases().items()):
        path = tmp_path / f"{number}.keras"
        _save(path, make)
        try:
            info = add_model(home, f"m{number}", path)
        except HeadroomError as error:
            if must:
                wrong.append(f"{label}: {error}")
            continue
        if not must:
            wrong.append(f"{label}: accepted")
        nodes = list_model_layers(info.reference, 8)
        walk = LayerWalk({INPUT: (8, 8, 3)})
        for node in nodes:
            walk.add(node, "head")
        spec = RunSpec(loss="categorical")
        closed = Model(((INPUT, (8, 8, 3)),), tuple(walk.layers), tuple(walk.rows), spec, 3)
        try:
            copy_all_weights(locate_weights(home, info.reference), build_model(closed), "own", len(nodes), range(3))
        except Exception as error:
            wrong.append(f"{label}: accepted, then {type(error).__name__}: {error!s:.200}")
    assert not wrong, "\n".join(wrong)
