"""Feature maps of stored models: consistent from layer to layer, and the reason if a model has none."""

import numpy as np
import pytest

from core.analysis.feature_maps import compute_feature_maps, read_feature_maps
from core.analysis.live_model import LiveModel
from core.architecture.model import compute_model
from core.displays.views.feature_maps import FeatureMaps
from core.errors import RunDamagedError, SpecError
from core.home import Home
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.run_writer import RunWriter


@pytest.fixture
def stored(examples: list[Run]) -> list[Run]:
    return [run for run in examples if run.has("model.tflite")]


def test_maps_of_each_layer_follow_from_those_before(stored: list[Run]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 28, 1), np.uint8)
    assert {run.spec.head for run in stored} == {"gap", "dense"}
    for run in stored:
        layers = compute_feature_maps(run, image)
        rows = {row.name: row.output_shape for row in run.model.rows}
        assert all(layer.shape == rows[layer.layers[0]] for layer in layers)
        first = [row.name for row in run.model.rows if row.type.startswith(("Conv", "MaxPooling"))]
        assert [layer.layers[0] for layer in layers] == first
        for convolution, pooling in zip(layers[:4:2], layers[1:4:2], strict=True):
            height, width, channels = pooling.shape
            windows = convolution.maps[: 2 * height, : 2 * width].reshape(height, 2, width, 2, channels)
            np.testing.assert_allclose(pooling.maps, windows.max((1, 3)))
            assert convolution.maps.min() == 0
        live = LiveModel(run)
        _, last = live._invoke(image)
        np.testing.assert_allclose(layers[-1].maps, last[0], rtol=1e-4, atol=1e-5)


def test_strongest_maps_are_ranked_and_drawn_for_both_heads(stored: list[Run], home: Home) -> None:
    view = FeatureMaps(Comparison.of(stored), home, 3)
    frame = view.frame()
    assert frame.groupby("head")["layers"].nunique().to_dict() == {"GAP": 5, "Flatten + Dense": 4}
    assert set(frame.groupby(["head", "layers"]).size()) == {6}
    for _, group in frame.groupby(["head", "layers"]):
        assert group["mean"].is_monotonic_decreasing
    chart = view.chart()
    assert chart is not None
    spec = chart.to_dict()
    texts = [row["text"] for rows in spec["datasets"].values() for row in rows if "text" in row]
    assert "Convolution 3×3, 26 × 26 × 32" in texts
    assert "black is 0 and white its largest value" in view.describe()


def test_reason_without_a_model_or_with_another_one(stored: list[Run], examples: list[Run], home: Home) -> None:
    lost = [run for run in examples if run.spec.seed == 1]
    view = FeatureMaps(Comparison.of(lost), home)
    assert view.chart() is None
    assert view.describe().count("has no model file. Train the run on this machine, or import its models.") == 2
    mixed = FeatureMaps(Comparison.of(examples), home, seed=1)
    for head in ("gap", "dense"):
        whole, one = (
            next(run for run in examples if (run.spec.head, run.spec.seed) == (head, seed)) for seed in (0, 1)
        )
        assert f"run {one.run_id} (seed 1) has no model file. Use run {whole.run_id} (seed 0)" in mixed.describe()
    other = compute_model(stored[0].spec.replace(blocks=1), (28, 28, 1), 10)
    with pytest.raises(SpecError, match="other layers than its record"):
        read_feature_maps(stored[0].artifact("model.tflite"), other, np.zeros((28, 28, 1), np.uint8))
    (stored[0].path / "model.tflite").write_bytes(b"x")
    with pytest.raises(RunDamagedError):
        compute_feature_maps(Run.open(stored[0].path), np.zeros((28, 28, 1), np.uint8))


def test_slow_model_is_not_run(make_run: RunWriter) -> None:
    run = make_run()
    cost = run.record.cost.model_copy(update={"latency_seconds": 30.0})
    run.__dict__["record"] = run.record.model_copy(update={"cost": cost})
    with pytest.raises(SpecError, match="needs 30 s per image"):
        compute_feature_maps(run, np.zeros((28, 28, 1), np.uint8))
