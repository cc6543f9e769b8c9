"""Activation maps of images: stored, computed by the model, or unavailable."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.analysis.activation import compute_activation_view, prepare_picture
from core.analysis.live_model import LiveModel
from core.datasets.cache import open_dataset
from core.datasets.dataset_view import open_view
from core.displays.views.activation import Activation
from core.home import Home
from core.store.activation_maps import NAME, read_maps, save_maps
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.activation import picture, seven, without_maps
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

# Stored maps


def test_run_without_maps_and_model_describes_how_to_get_them(make_run: RunWriter) -> None:
    run = without_maps(make_run())
    found = compute_activation_view(run, [0, 1], lambda: np.zeros((2, 28, 28, 1), np.uint8))
    assert found.maps is None
    assert "was trained before Headroom stored activation maps" in found.unavailable_reason
    assert "train it again" in found.unavailable_reason


def test_images_without_stored_maps_need_the_model(make_run: RunWriter) -> None:
    assert (
        "of the first 24 test images"
        in compute_activation_view(make_run(), [23, 24], lambda: np.zeros((2, 28, 28, 1), np.uint8)).unavailable_reason
    )


def test_model_computes_maps_that_are_not_stored(examples: list[Run], home: Home) -> None:
    for run in examples:
        if not run.has("model.tflite"):
            continue
        images = [300, 7]
        pictures = np.array(open_view(home, run.spec).test_images)[images]
        found = compute_activation_view(run, images, lambda pictures=pictures: pictures)
        assert found.maps is not None
        assert found.exact == (run.spec.head == "gap")
        if found.exact:
            logits = found.maps.mean(axis=(2, 3)) + found.bias
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            probs = powers / powers.sum(axis=1, keepdims=True)
            np.testing.assert_allclose(probs, run.predictions.test_probs[images], atol=1e-5)


def test_concurrent_sessions_get_their_own_predictions(examples: list[Run], home: Home) -> None:
    run = next(run for run in examples if run.has("model.tflite"))
    pictures, model = np.array(open_view(home, run.spec).test_images[:40]), LiveModel(run)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda picture: model.predict(picture[np.newaxis]).probs[0], pictures))
    np.testing.assert_allclose(answers, run.predictions.test_probs[:40], atol=1e-5)


def test_missing_images_give_an_unavailable_reason(examples: list[Run], home: Home) -> None:
    path, fingerprint = home.datasets / "digits" / "dataset.json", open_dataset(home, "digits").info.fingerprint
    path.write_text(path.read_text().replace(fingerprint, "0123456789abcdef"))
    run = next(run for run in examples if run.has("model.tflite"))
    display = Activation(Comparison.of([without_maps(run) if NAME in run.record.checksums else run]), home)
    assert display.frame().empty
    assert display.chart() is None
    assert "The test images of these runs are not available" in display.describe()


def test_zero_maps_are_described(make_run: RunWriter) -> None:
    run = make_run(head="dense")
    save_maps(run.path / NAME, np.zeros((24, 10, 5, 5), np.float32), np.zeros(10, np.float32), exact=False)
    display = Activation(Comparison.of([rewrite(run)]), about=3)
    assert 'no evidence for or against "3"' in display.describe()
    assert not display.frame()["share"].any()
    assert "empty map" in display.draw().html


def test_frame_contains_the_stored_values(make_run: RunWriter) -> None:
    run = make_run(head="gap")
    stored = read_maps(run)
    assert stored
    frame = Activation(Comparison.of([run]), images=(2, 5), about=4).frame()
    for image, cells in frame.groupby("image"):
        expected = stored.maps[int(image), 4]
        np.testing.assert_array_equal(cells["value"].to_numpy().reshape(expected.shape), expected)
        share = expected / np.abs(stored.maps[int(image)]).max()
        np.testing.assert_allclose(cells["share"].to_numpy().reshape(expected.shape), share, rtol=1e-6)
    assert frame["shown"].unique().tolist() == ["4"]


# Drawings


def test_prediction_takes_at_most_a_tenth_of_a_second(examples: list[Run]) -> None:
    runs = [run for run in examples if run.has("model.tflite")]
    models = [LiveModel(run) for run in runs]
    data, seconds = picture(seven()), []
    for _ in range(7):
        begin = time.perf_counter()
        for run, model in zip(runs, models, strict=True):
            model.predict(prepare_picture(data, run)[np.newaxis])
        seconds.append(time.perf_counter() - begin)
    assert min(seconds) < 0.1
