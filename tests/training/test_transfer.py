"""Pretrained backbones: weights are loaded into their layers, and frozen maps are computed once for all heads."""

from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from core.analysis.live_model import LiveModel
from core.architecture.model import compute_model
from core.datasets.cache import pin
from core.datasets.custom.add import add_dataset
from core.datasets.dataset_view import open_view
from core.errors import TrainingError
from core.files import write_json
from core.home import Home
from core.spec import BACKBONES, RunSpec
from core.store.activation_maps import read_maps
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.markers import LONG, long
from tests.support.training_run import assert_same_training, train

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("transfer"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]

APPLICATIONS = {  # module with the preprocessing, if it has any, and name in keras.applications
    "mobilenet": "mobilenet.MobileNet",
    **({
        "convnext_tiny": "convnext.ConvNeXtTiny",
        "vgg16": "vgg16.VGG16", "vgg19": "vgg19.VGG19", "mobilenet_v2": "mobilenet_v2.MobileNetV2",
        "mobilenet_v3_small": ".MobileNetV3Small", "mobilenet_v3_large": ".MobileNetV3Large",
        "efficientnet_b0": "efficientnet.EfficientNetB0", "efficientnet_v2_b0": "efficientnet_v2.EfficientNetV2B0",
        "resnet50": "resnet.ResNet50", "resnet50_v2": "resnet_v2.ResNet50V2", "densenet121": "densenet.DenseNet121",
        "nasnet_mobile": "nasnet.NASNetMobile", "xception": "xception.Xception",
        "inception_v3": "inception_v3.InceptionV3",
    } if LONG else {}),
}  # fmt: skip
SIDE = 32
SIDES = {"xception": 71, "inception_v3": 75}


@pytest.fixture(autouse=True)
def no_keras_home(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras").mkdir()


def write_weights(home: Home, backbone: str, seed: int = 0):
    """Write random weights in the older file format of Keras Applications, and return the application that has them."""
    import keras

    keras.utils.set_random_seed(seed)
    module, name = APPLICATIONS[backbone].split(".")
    package = getattr(keras.applications, module) if module else keras.applications
    side = SIDES.get(backbone, SIDE)
    application = getattr(package, name)(include_top=False, weights=None, input_shape=(side, side, 3))
    rng = np.random.default_rng(seed)
    for layer in application.layers:
        if not isinstance(layer, keras.layers.Normalization):  # a part of the preprocessing
            layer.set_weights([w * rng.uniform(0.9, 1.1, w.shape) + 0.01 * (w.ndim == 1) for w in layer.get_weights()])
    path = home.weights / BACKBONES[backbone].weights.file
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        for layer in application.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{index}" for index, _ in enumerate(layer.get_weights())]
            group.attrs["weight_names"] = names
            for weight, array in zip(names, layer.get_weights(), strict=True):
                group[weight] = array
        file.attrs["layer_names"] = [layer.name for layer in application.layers]
    return application, getattr(package, "preprocess_input", lambda images: images)


@pytest.mark.parametrize("backbone", APPLICATIONS)
def test_pretrained_backbone_equals_that_of_keras_applications(backbone, home):
    from core.training.build import build_model
    from core.training.forward import compute_outputs
    from core.training.weights import load_weights

    application, preprocess = write_weights(home, backbone)
    side = SIDES.get(backbone, SIDE)
    closed = compute_model(RunSpec().replace(backbone=backbone, head="gap_dense"), (side, side, 3), 3)
    model = build_model(closed)
    load_weights(home, model, closed)
    if backbone == "efficientnet_b0":  # Keras scales the images once more if it loads the weights itself
        stem = application.get_layer("stem_conv")
        factors = np.array([0.229, 0.224, 0.225], np.float32) ** -0.5
        stem.set_weights([stem.get_weights()[0] * factors[:, np.newaxis]])
    images = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
    layers = sum(row.part == "backbone" for row in closed.rows)
    ours = compute_outputs(model, images, training=False, last=layers).numpy()
    theirs = application(preprocess(images.astype(np.float32)), training=False).numpy()
    assert np.abs(ours - theirs).max() <= 1e-3 * np.abs(theirs).max()
    assert np.abs(theirs).max() > 0


@cache
def build_mobilenet():
    """A model without its weights, and its closed form."""
    from core.training.build import build_model

    closed = compute_model(RunSpec().replace(backbone="mobilenet", head="gap_dense"), (SIDE, SIDE, 3), 3)
    return build_model(closed), closed


def refuse(home: Home) -> str:
    from core.training.weights import load_weights

    with pytest.raises(TrainingError) as caught:
        load_weights(home, *build_mobilenet())
    return str(caught.value)


def test_missing_weights_are_reported_with_file_size_and_path(home, monkeypatch):
    import keras

    def offline(*_args: object, **_kwargs: object) -> str:
        raise Exception("URL fetch failure on https://…: None -- [Errno -2] Name or service not known")

    monkeypatch.setattr(keras.utils, "get_file", offline)  # a machine with a network would download them
    sentence = refuse(home)
    assert "mobilenet_1_0_224_tf_no_top.h5 (about 13 MB)" in sentence
    assert str(home.weights) in sentence


def test_damaged_weights_are_reported_with_file_and_size(home):
    write_weights(home, "mobilenet")
    path = home.weights / BACKBONES["mobilenet"].weights.file
    whole = path.read_bytes()
    path.unlink()
    with h5py.File(path, "w") as file:
        file.create_group("block1_conv1").attrs["weight_names"] = []
    for content in (path.read_bytes(), whole[:100_000], b"", b"<html>log in</html>"):
        path.write_bytes(content)
        sentence = refuse(home)
        assert sentence.startswith(f"{path} ({len(content):,} bytes) does not contain the weights of mobilenet ")
        assert " or is damaged: " in sentence
        assert BACKBONES["mobilenet"].weights.origin in sentence


@pytest.fixture
def photos(home, tmp_path) -> Home:
    """Sixty images of two classes: bright below, bright above."""
    rng = np.random.default_rng(0)
    for name, rows in (("below", slice(40, None)), ("above", slice(0, 40))):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(30):
            image = rng.integers(0, 100, (80, 80, 3), np.uint8)
            image[rows] += 120
            Image.fromarray(image).save(folder / f"{number}.png")
    add_dataset(home, "photos", tmp_path / "photos", side=SIDE)
    return home


def make_job(home: Home, **settings) -> Path:
    values = {"dataset": "folder", "folder": "photos", "side": SIDE, "epochs": 2, "batch_size": 8, **settings}
    spec = pin(home, RunSpec.parse(values))
    folder = home.jobs / spec.run_id
    write_json(folder / "spec.json", spec.model_dump())
    (folder / "attempt").write_text("1")
    return folder


def run_job(home: Home, **settings):
    folder = make_job(home, **settings)
    assert train(folder) == 0, (folder / "log.txt").read_text()
    return RunStore(home).open(folder.name)


def check_maps(home: Home, run: Run) -> None:
    """Check that the maps kept by the worker equal those of the exported model."""
    stored = read_maps(run)
    assert stored
    answer = LiveModel(run).predict(np.array(open_view(home, run.spec).test_images[: len(stored.maps)]))
    assert answer.maps is not None
    np.testing.assert_allclose(stored.maps, answer.maps, rtol=2e-3, atol=1e-3 * np.abs(answer.maps).max())
    assert stored.maps.shape[1] == 2


@long  # a large backbone; test_own_models.py trains a head on a small frozen one
def test_frozen_maps_are_computed_once_and_only_the_heads_are_trained(photos):
    import keras

    from core.training.features import replace_images
    from core.training.input_data import load_splits

    application, _ = write_weights(photos, "mobilenet")
    settings = {"backbone": "mobilenet", "frozen": True, "epochs": 1}
    run = run_job(photos, head="gap_dense", **settings)
    kept = {path: path.stat().st_mtime_ns for path in (photos.features).rglob("*.npy")}
    assert len(kept) == 3
    check_maps(photos, run)
    assert run.record.cost.trainable == run.model.trainable == 2 * (1024 + 1)
    model = keras.saving.load_model(run.path / "model.keras")
    for layer in application.layers[1:]:
        for mine, theirs in zip(model.get_layer(layer.name).get_weights(), layer.get_weights(), strict=True):
            assert np.array_equal(mine, theirs)
    assert np.abs(model.layers[-2].get_weights()[1]).max() > 0  # biases start at zero
    other = compute_model(run.spec.replace(head="gmp_dense"), (SIDE, SIDE, 3), 2)
    replace_images(photos, model, other, load_splits(photos, run.spec), lambda *_: pytest.fail("computed once more"))
    assert {path: path.stat().st_mtime_ns for path in (photos.features).rglob("*.npy")} == kept
    check_maps(photos, run_job(photos, head="gmp_dense", **settings))  # the training of a second head
    assert {path: path.stat().st_mtime_ns for path in (photos.features).rglob("*.npy")} == kept


@long
@pytest.mark.parametrize("backbone", ["mobilenet_v2", "efficientnet_b0", "convnext_tiny"])
def test_graphs_are_trained_and_exported(photos, backbone):
    """Two stages of a frozen graph are trained; the others keep their weights, and maps of the exported file agree."""
    import keras

    from core.analysis.feature_maps import compute_feature_maps

    application, _ = write_weights(photos, backbone)
    settings = {"backbone": backbone, "frozen": True, "trained_stages": 2, "epochs": 1}
    run = run_job(photos, head="gap_dense", **settings)
    check_maps(photos, run)
    assert read_maps(run).exact
    model = keras.saving.load_model(run.path / "model.keras")
    rows = {row.name: row for row in run.model.rows if row.part == "backbone" and row.params}
    kept, trained = [], []
    for layer in application.layers:
        if layer.name in rows and layer.weights:
            pairs = zip(model.get_layer(layer.name).get_weights(), layer.get_weights(), strict=True)
            same = all(np.array_equal(mine.reshape(theirs.shape), theirs) for mine, theirs in pairs)
            (kept if rows[layer.name].frozen else trained).append(same)
    assert all(kept)
    assert kept
    assert not any(trained)
    assert trained
    image = np.array(open_view(photos, run.spec).test_images[0])
    assert [maps.shape for maps in compute_feature_maps(run, image)]


@long
def test_trainable_backbone_is_trained_too(photos):
    import keras

    application, _ = write_weights(photos, "mobilenet")
    run = run_job(photos, backbone="mobilenet", head="gap_dense", epochs=1)
    model = keras.saving.load_model(run.path / "model.keras")
    assert not np.array_equal(
        model.get_layer("conv1").get_weights()[0], application.get_layer("conv1").get_weights()[0]
    )


def test_binary_loss_trains_one_logit_to_two_probabilities(photos):
    settings = {"filters": 4, "blocks": 3, "head": "gap_dense", "epochs": 8, "backbone": "conv_tail", "dropout": 0.0}
    run = run_job(photos, loss="binary", learning_rate=0.01, **settings)
    assert run.predictions.test_probs.shape == (12, 2)
    assert np.allclose(run.predictions.test_probs.sum(axis=1), 1)
    assert run.record.cost.params == run.model.params
    assert run.record.metrics.test_accuracy > run.record.data.majority == 0.5
    check_maps(photos, run)


@long
def test_augmented_training_keeps_its_preview_and_is_deterministic(photos, tmp_path):
    settings = {"filters": 2, "head": "gap_dense", "augmentation": "random_crop,flip_horizontal=0.5"}
    run = run_job(photos, **settings)
    with Image.open(run.artifact("augmentation.png")) as picture:
        assert picture.format == "PNG"
    plain = run_job(photos, **{**settings, "augmentation": ""})
    assert not plain.has("augmentation.png")
    assert plain.history["loss"].tolist() != run.history["loss"].tolist()


def test_training_uses_the_images_of_the_preview(photos):
    from core.augment.pipeline import Pipeline
    from core.training.input_data import compute_order, load_splits

    spec = pin(
        photos,
        RunSpec.parse({"dataset": "folder", "folder": "photos", "side": 32, "augmentation": "rotation=20", "seed": 3}),
    )
    train_split = load_splits(photos, spec).train
    rows = compute_order(spec.seed, 2, len(train_split))[:5]
    stored = open_view(photos, spec, native=True).train_images[rows]
    shown = Pipeline.parse(spec.augmentation).augment_batch(stored, rows, seed=3, epoch=2, side=32)
    assert np.array_equal(train_split.take(rows, 2), shown)


@long
def test_label_formats_train_to_the_same(photos):
    settings = {"filters": 2, "head": "gap_dense"}
    runs = [run_job(photos, loss=loss, **settings) for loss in ("categorical", "sparse")]
    assert runs[0].history["loss"].tolist() == pytest.approx(runs[1].history["loss"].tolist(), rel=1e-4)


@long  # trains four times; test_training.py has the same without images of a folder
def test_continued_run_equals_a_single_training(photos, tmp_path):
    settings = {"filters": 2, "head": "gap_dense", "augmentation": "flip_horizontal=0.5"}
    run_job(photos, epochs=2, **settings)
    longer = run_job(photos, epochs=3, **settings)
    longest = run_job(photos, epochs=5, **settings)
    assert longest.record.resumed_at == (2, 3)
    assert "from epoch 4 of 5" in (longest.path / "log.txt").read_text()
    assert longer.record.resumed_at == (2,)
    other = Home(tmp_path / "other")
    other.path.mkdir()
    (other.path / "datasets").symlink_to(photos.datasets)
    assert_same_training(longest, run_job(other, epochs=5, **settings))
