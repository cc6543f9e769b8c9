"""Every head on a user's model with branches: the weights at the cut, the outputs, a training step and LiteRT."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.analysis.live_model import read_weights
from core.architecture.activation_map import MapHead, plan_maps
from core.architecture.model import compute_model
from core.home import Home
from core.models.add import add_model
from core.models.own_layers import pin_model
from core.spec import HEADS, RunSpec
from tests.support.markers import LONG, thin

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("tensorflow"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]


def _conv(maps: Any, filters: int = 4, **options: Any) -> Any:
    import keras

    return keras.layers.Conv2D(filters, 3, padding="same", activation="relu", **options)(maps)


def _residual(maps: Any) -> Any:
    import keras

    return keras.layers.ReLU()(keras.layers.Add()([maps, keras.layers.BatchNormalization()(_conv(maps))]))


def _branch(maps: Any) -> Any:
    import keras

    pooled = keras.layers.MaxPooling2D(3, 1, "same")(maps)
    return keras.layers.Average()([_conv(maps), _conv(pooled), maps])


def _concatenation(maps: Any) -> Any:
    import keras

    return keras.layers.Concatenate()([maps, _conv(maps, 3)])


def _excitation(maps: Any) -> Any:
    import keras

    gate = keras.layers.GlobalAveragePooling2D(keepdims=True)(maps)
    gate = keras.layers.Conv2D(4, 1, activation="sigmoid")(gate)
    return keras.layers.Multiply()([maps, gate])


@pytest.mark.parametrize("join", thin([_concatenation, _residual, _branch, _excitation], 4))
def test_every_head_trains_on_every_kind_of_graph(home: Home, tmp_path: Path, join: Callable[[Any], Any]) -> None:
    import keras
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    from core.training.build import build_model
    from core.training.export import export_litert
    from core.training.forward import compute_outputs
    from core.training.weights import load_weights

    keras.utils.set_random_seed(2)
    image = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(join(join(_conv(image))))
    keras.Model(image, keras.layers.Dense(3, activation="softmax")(pooled)).save(tmp_path / "own.keras")
    info = add_model(home, "own", tmp_path / "own.keras")
    spec = pin_model(home, RunSpec(backbone="model", model="own", units=5, hidden="6-4", head_dropout=0.0))
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    for head in HEADS:
        closed = compute_model(spec.replace(head=head), info.input_shape, 3)
        assert not closed.is_chain
        model = build_model(closed)
        load_weights(home, model, closed)  # compares the outputs at the cut
        assert model.count_params() == closed.params
        found = compute_outputs(model, tf.constant(images), training=False)
        expected = model(images.astype(np.float32) / 255, training=False)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(compute_outputs(model, tf.constant(images), training=True)[:, 0])
        gradients = tape.gradient(loss, model.trainable_variables)
        assert all(gradient is not None for gradient in gradients), head
        if LONG:  # a second each
            path = tmp_path / f"{head}.tflite"
            export_litert(model, closed.maps_layer, path, ["a", "b", "c"])
            runner = Interpreter(model_path=str(path), num_threads=1).get_signature_runner()
            expected = model(images.astype(np.float32) / 255, training=False)  # BatchNormalization has changed
            outputs = runner(images=images[:1].astype(np.float32) / 255)
            np.testing.assert_allclose(outputs["probabilities"], expected[:1], atol=1e-5)
            plan = plan_maps(closed)
            weights = read_weights(path)[-len(plan.rectified) :] if plan.rectified else ()
            logits = tf.nn.softmax(MapHead(plan, weights).compute_logits(outputs["feature_maps"]))
            np.testing.assert_allclose(logits, expected[:1], atol=1e-5)
