"""Models of users in training: as a backbone cut after a layer, and evaluated unchanged."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelFileError
from core.home import Home
from core.jobs.submit import check_spec
from core.models.add import add_model
from core.models.evaluation import start_evaluation
from core.spec import RunSpec
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.markers import long
from tests.support.training_run import SMALL, make_job, train

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("training"),
    # Keras passes TensorFlow's variables to np.array, which they support in the way of NumPy 1.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
    long,  # trains and evaluates six times
]


def _save_model(path: Path) -> None:
    """Save a model of the digits with a branch, a nested model and other weights than initial ones."""
    import keras

    keras.utils.set_random_seed(3)
    image = keras.Input((28, 28, 1))
    maps = keras.layers.Rescaling(1 / 255)(image)
    maps = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(maps)
    maps = keras.layers.BatchNormalization(epsilon=1e-5)(maps)
    branch = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(maps)
    maps = keras.layers.add([maps, branch], name="add")
    inner = keras.Sequential([keras.Input((28, 28, 4)), keras.layers.Conv2D(6, 3), keras.layers.ReLU()], name="inner")
    pooled = keras.layers.GlobalAveragePooling2D()(inner(maps))
    model = keras.Model(image, keras.layers.Dense(10, activation="softmax")(pooled))
    for layer in model.layers:  # not the initial values
        layer.set_weights([np.abs(weight + 0.3 * np.random.default_rng(1).normal(size=weight.shape))
                           for weight in layer.get_weights()])  # fmt: skip
    model.save(path)


def test_own_model_is_a_backbone_and_a_variant(home: Home, tmp_path: Path) -> None:
    _save_model(tmp_path / "own.keras")
    add_model(home, "own", tmp_path / "own.keras")
    store = RunStore(home)
    for settings in ({"head": "gap_dense", "frozen": True}, {"head": "dense"}, {"head": "gap", "cut": "add"}):
        spec, model = check_spec(
            home, RunSpec(**{**SMALL, "backbone": "model", "model": "own", "epochs": 1, **settings})
        )
        folder = make_job(home, **spec.model_dump(exclude={"data"}))
        assert train(folder) == 0, (folder / "log.txt").read_text()
        run = store.open(spec.run_id)
        assert run.record.cost.params == model.params
        assert run.has("model.tflite")
    whole = store.open(start_evaluation(home, "own", "digits", "", []))
    assert whole.record.elsewhere
    assert start_evaluation(home, "own", "digits", "", []) == whole.run_id
    reordered = store.open(start_evaluation(home, "own", "digits", "", list("9876543210")))
    np.testing.assert_allclose(
        reordered.predictions.test_probs, whole.predictions.test_probs[:, ::-1], atol=1e-5, rtol=1e-4
    )
    comparison = Comparison.of([whole, run])
    assert [variant.label for variant in comparison.variants]
    with pytest.raises(ModelFileError, match=r"^Model own returns 10 scores; 2 class names"):
        start_evaluation(home, "own", "digits", "", ["a", "b"])
