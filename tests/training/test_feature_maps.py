"""Feature maps from the exported file equal the outputs of the Keras layers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.analysis.feature_maps import read_feature_maps
from core.architecture.model import compute_model
from core.spec import RunSpec
from tests.support.markers import long

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("tensorflow")]

SIDE = 64


@pytest.mark.parametrize(
    "changes",
    [
        {"backbone": "conv_conv_pool", "filters": 4, "pooling": "average", "pool_size": 3, "pool_stride": 2},
        pytest.param({"filters": 4, "blocks": 3, "pooling": "convolution", "head": "gap_linear"}, marks=long),
        pytest.param({"backbone": "mobilenet"}, marks=long),  # export takes 10 s
        pytest.param({"backbone": "vgg16"}, marks=long),
    ],
)
def test_feature_maps_equal_the_outputs_of_keras_layers(changes: dict[str, Any], tmp_path: Path) -> None:
    import keras

    from core.training.build import build_model
    from core.training.export import export_litert

    spec = RunSpec().replace(**{"head": "gap_dense", **changes})
    closed = compute_model(spec, (SIDE, SIDE, 3), 3)
    model = build_model(closed)
    path = tmp_path / "model.tflite"
    export_litert(model, closed.maps_layer, path, ("a", "b", "c"))
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    layers = read_feature_maps(path, closed, image)
    assert len(layers) >= 3
    for layer in layers:
        outputs = keras.Model(model.inputs[0], model.get_layer(layer.layers[-1]).output)
        expected = outputs(image[np.newaxis].astype(np.float32) / 255, training=False)
        np.testing.assert_allclose(layer.maps, np.asarray(expected)[0], rtol=1e-3, atol=1e-4)
