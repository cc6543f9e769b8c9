"""Activation maps of built and trained models compared with TensorFlow's gradients and logits."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.analysis.live_model import LiveModel, read_weights
from core.architecture.activation_map import MapHead, plan_maps
from core.architecture.model import Model, compute_model
from core.datasets.dataset_view import open_view
from core.home import Home
from core.spec import HEADS, RunSpec
from core.store.activation_maps import MAX_IMAGES, read_maps
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.markers import long
from tests.support.training_run import make_job, train

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("transfer"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]

SIDE = 12


def build(head: str, **settings):
    """Return a model with random weights and biases, and its closed form."""
    from core.training.build import build_model

    settings = {"blocks": 1, "filters": 4, "units": 6, "hidden": "6-6", **settings}
    classes = 2 if settings.get("loss") == "binary" else 5
    closed = compute_model(RunSpec().replace(head=head, **settings), (SIDE, SIDE, 1), classes)
    model = build_model(closed)
    rng = np.random.default_rng(7)
    for weight in model.weights:
        if "bias" in weight.path:
            weight.assign(rng.normal(0, 0.3, weight.shape))
    return model, closed


def differentiate(model, closed: Model, images: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return Grad-CAM with TensorFlow's gradients, as in the paper, and the logits."""
    import tensorflow as tf

    names = [layer.name for layer in model.layers]
    maps_at = names.index(closed.maps_layer) + 1
    features = images
    for layer in model.layers[:maps_at]:
        features = layer(features, training=False)
    features = tf.convert_to_tensor(features)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(features)
        logits = features
        for layer in model.layers[maps_at:-1]:
            logits = layer(logits, training=False)
        if logits.shape[-1] == 1:
            logits = tf.concat((-logits, logits), axis=-1)
        columns = [logits[:, number] for number in range(logits.shape[-1])]
    maps = []
    for column in columns:
        alphas = tf.reduce_mean(tape.gradient(column, features), axis=(1, 2), keepdims=True)
        maps.append(tf.nn.relu(tf.reduce_sum(alphas * features, axis=-1)).numpy())
    return np.stack(maps, axis=1), logits.numpy()


MAPPED = [
    (name, loss)
    for name in HEADS
    for loss in ("categorical", "binary")
    if name != "vgg" and (name, loss) != ("gap", "binary")  # its logits cannot be negative, so the spec rejects it
]


@pytest.mark.parametrize(("name", "loss"), MAPPED)
def test_closed_form_equals_tensorflow(name: str, loss: str) -> None:
    from core.training.activation_maps import read_head

    model, closed = build(name, loss=loss)
    images = np.random.default_rng(0).random((6, SIDE, SIDE, 1), np.float32)
    head = read_head(model, closed)
    features = images
    for layer in model.layers[: [layer.name for layer in model.layers].index(closed.maps_layer) + 1]:
        features = layer(features, training=False)
    expected, logits = differentiate(model, closed, images)
    np.testing.assert_allclose(head.compute_logits(features.numpy()), logits, rtol=1e-4, atol=1e-5)
    found = head.compute_maps(features.numpy())
    if head.plan.exact:
        np.testing.assert_allclose(found.mean(axis=(2, 3)) + head.bias, logits, rtol=1e-4, atol=1e-5)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        assert found.any()


@pytest.mark.parametrize(("name", "loss"), [("mlp", "categorical"), ("gap_mlp", "binary")])
def test_exported_file_contains_the_trained_head(name: str, loss: str, tmp_path: Path) -> None:
    """Two hidden layers of one size are distinguished only by their order."""
    from core.training.activation_maps import read_head
    from core.training.export import export_litert

    model, closed = build(name, loss=loss)
    export_litert(model, closed.maps_layer, tmp_path / "model.tflite", [f"class {i}" for i in range(10)])
    found, expected = MapHead(plan_maps(closed), read_weights(tmp_path / "model.tflite")), read_head(model, closed)
    for ours, theirs in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(ours.kernel, theirs.kernel)
        np.testing.assert_array_equal(ours.bias, theirs.bias)


@pytest.mark.parametrize(("name", "loss"), [("gap", "categorical"), ("dense", "categorical"), ("mlp", "binary")])
def test_exported_file_names_its_outputs_classes_and_input_range(name: str, loss: str, tmp_path: Path) -> None:
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter

    from core.training.export import export_litert

    model, closed = build(name, loss=loss)
    path, classes = tmp_path / "model.tflite", ["a, b", "日本"]
    export_litert(model, closed.maps_layer, path, classes)
    interpreter = Interpreter(model_path=str(path))
    assert [entry["name"] for entry in interpreter.get_output_details()] == ["probabilities", "feature_maps"]
    signature = interpreter.get_signature_list()["serving_default"]
    assert signature == {"inputs": ["images"], "outputs": ["feature_maps", "probabilities"]}
    stored = schema.ModelT.InitFromPackedBuf(path.read_bytes())
    metadata = {entry.name: bytes(stored.buffers[entry.buffer].data) for entry in stored.metadata}
    found = json.loads(metadata[b"headroom"])
    assert found == {"input_range": [0.0, 1.0], "outputs": ["probabilities", "feature_maps"], "classes": classes}
    # The metadata of TensorFlow Lite; MediaPipe reads them, with labels.txt from the archive after the model.
    assert metadata[b"TFLITE_METADATA"][4:8] == b"M001"
    assert all(name in metadata[b"TFLITE_METADATA"] for name in (b"images", b"probabilities", b"labels.txt"))
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.txt").decode() == "".join(f"{name}\n" for name in classes)


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module", params=["gap_dense", pytest.param("dense", marks=long)])
def trained(request: pytest.FixtureRequest, trained_home: Home) -> Run:
    folder = make_job(trained_home, head=request.param, epochs=2, units=16)
    assert train(folder) == 0, (folder / "log.txt").read_text()
    return RunStore(trained_home).open(folder.name)


def logits_of(run: Run, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    import keras

    model = keras.models.load_model(run.path / "model.keras")
    return keras.Model(model.inputs[0], model.layers[-2].output)(images.astype(np.float32) / 255).numpy()


def test_mean_of_the_map_plus_the_bias_is_the_logit_of_a_trained_model(trained: Run, trained_home: Home) -> None:
    images = np.array(open_view(trained_home, trained.spec).test_images[:MAX_IMAGES])
    live, stored = LiveModel(trained), read_maps(trained)
    assert stored
    assert stored.maps.shape == (MAX_IMAGES, 10, *live.predict(images[:1]).maps.shape[2:])
    answer = live.predict(images)
    np.testing.assert_allclose(answer.probs, trained.predictions.test_probs[:MAX_IMAGES], atol=1e-5)
    np.testing.assert_allclose(stored.maps, answer.maps, rtol=2e-3, atol=1e-3 * np.abs(answer.maps).max())
    logits = logits_of(trained, images)
    assert stored.exact == live.exact == trained.spec.head.startswith("gap")
    if stored.exact:
        np.testing.assert_allclose(answer.maps.mean(axis=(2, 3)) + live.bias, logits, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(stored.maps.mean(axis=(2, 3)) + stored.bias, logits, rtol=2e-3, atol=2e-3)
    else:
        assert stored.maps.min() == 0
        assert stored.maps.any()


@long
def test_map_files_are_small(trained: Run) -> None:
    assert (trained.path / "maps.npz").stat().st_size < 40_000
