"""Weights of Keras applications: the added model returns what the application returns after its preprocessing."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from core.architecture.model import compute_model
from core.home import Home
from core.models.add import add_model
from core.models.application import SIZED, add_application
from core.models.model_info import WEIGHTS
from core.models.own_layers import pin_model
from core.spec import RunSpec
from tests.support.markers import long

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("training"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
    long,  # builds thirteen applications and saves their weights
]
CASES = [
    # name, module and function in Keras, classes, side, file, value range
    ("mobilenet", "mobilenet.MobileNet", 5, 64, "own.weights.h5", None),
    ("mobilenet", "mobilenet.MobileNet", 0, None, "own.h5", "-1..1"),
    ("resnet50", "resnet.ResNet50", 0, None, "own.weights.h5", None),
    ("densenet121", "densenet.DenseNet121", 3, 64, "own.h5", None),
    ("efficientnet_b0", "efficientnet.EfficientNetB0", 0, None, "own.weights.h5", None),
    ("convnext_tiny", "convnext.ConvNeXtTiny", 3, 64, "own.weights.h5", None),
    ("mobilenet_v2", "mobilenet_v2.MobileNetV2", 3, 64, "own.weights.h5", None),
    ("efficientnet_v2_b0", "efficientnet_v2.EfficientNetV2B0", 0, None, "own.weights.h5", None),
    ("resnet50_v2", "resnet_v2.ResNet50V2", 3, 64, "own.weights.h5", None),
    ("xception", "xception.Xception", 3, 96, "own.weights.h5", None),
    ("inception_v3", "inception_v3.InceptionV3", 3, 96, "own.weights.h5", None),
    ("vgg16", "vgg16.VGG16", 0, None, "own.weights.h5", None),
    ("nasnet_mobile", "nasnet.NASNetMobile", 3, 64, "own.weights.h5", None),
    ("nasnet_mobile", "nasnet.NASNetMobile", 0, None, "own.weights.h5", None),
    ("mobilenet_v3_small", "MobileNetV3Small", 3, 64, "own.weights.h5", None),
    ("mobilenet_v3_large", "MobileNetV3Large", 0, None, "own.h5", None),
]


@pytest.mark.parametrize(("name", "source", "classes", "side", "file", "value_range"), CASES)
def test_added_application_returns_what_keras_returns(
    home: Home, tmp_path: Path, name: str, source: str, classes: int, side: int | None, file: str,
    value_range: str | None,
) -> None:  # fmt: skip
    import keras
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    from core.training.build import build_model
    from core.training.weights import load_weights

    keras.utils.set_random_seed(1)
    package, _, function = source.rpartition(".")
    module = getattr(keras.applications, package) if package else keras.applications
    pixels = side or (224 if name in SIZED else 64)
    shape = (pixels, pixels, 3)
    model = getattr(module, function)(
        weights=None, include_top=classes > 0, classes=classes or 1000, input_shape=shape if classes else None
    )
    for layer in model.layers:  # not the initial values
        layer.set_weights([_disturb(weight) for weight in layer.get_weights()])
    images = np.random.default_rng(0).integers(0, 256, (2, *shape)).astype(np.float32)
    preprocess = getattr(module, "preprocess_input", np.copy)  # part of MobileNetV3
    inputs = images / 127.5 - 1 if value_range else preprocess(images.copy())
    if name == "efficientnet_b0":  # as in the weights of Keras for ImageNet: deviations instead of variances
        means, deviations = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))
        normalization = next(layer for layer in model.layers if isinstance(layer, keras.layers.Normalization))
        normalization.set_weights([means, deviations, np.int32(0)])
        model.save_weights(tmp_path / file)
        normalization.set_weights([means, deviations**2, np.int32(0)])
        normalization.finalize_state()
    elif file.endswith(".weights.h5"):
        model.save_weights(tmp_path / file)
    else:  # as Keras 2 did
        with h5py.File(tmp_path / file, "w") as opened:
            save_weights_to_hdf5_group(opened, model)

    info = add_application(home, "own", tmp_path / file, function, side=side, value_range=value_range)
    assert info.any_side == (not classes and name not in SIZED)
    assert info.value_range == ((-1.0, 1.0) if value_range else (0.0, 255.0))
    assert add_application(home, "own", tmp_path / file, name, side=side, value_range=value_range) == info
    added = keras.models.load_model(home.models / "own" / WEIGHTS)
    given = inputs if value_range else images
    np.testing.assert_allclose(added(given), model(inputs), rtol=1e-3, atol=1e-4)

    spec = pin_model(home, RunSpec(backbone="model", model="own"))
    closed = compute_model(spec, info.input_shape, 2)
    load_weights(home, build_model(closed), closed)  # compares the outputs at the cut
    assert add_model(home, "copy", home.models / "own" / WEIGHTS, value_range=value_range or "0..255").params


def _disturb(weight: np.ndarray) -> np.ndarray:
    if weight.dtype.kind != "f":
        return weight
    shift = 0.01 if weight.ndim == 1 else 0.0
    return (weight * np.random.default_rng(1).uniform(0.9, 1.1, weight.shape) + shift).astype(weight.dtype)
