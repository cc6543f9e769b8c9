"""The Predictions page: filters, images and their dialog, confusion matrices and the download."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from core.datasets.cache import open_dataset
from core.exporters.prediction_csv import write_predictions
from core.home import Home
from core.store.comparison import Comparison
from core.store.metrics import NO_PREDICTION, compute_predicted
from core.store.run import Run
from core.store.run_store import RunStore
from core.ui.predictions.gallery import select_cell
from tests.support.page import Open, labels, text_of
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

# States of the home


def test_missing_images_leave_the_metrics(open_page: Open, home: Home, two_heads: list[str]) -> None:
    path = home.datasets / "digits" / "dataset.json"
    fingerprint = open_dataset(home, "digits").info.fingerprint
    path.write_text(path.read_text().replace(fingerprint, "0123456789abcdef"))
    app = open_page("predictions")
    assert "are not available" in app.info[0].value
    assert open_page("predictions", predictions="matrix").header[0].value == "GAP"


# URL values


@pytest.mark.parametrize("image", ["999999", "abc", "-1"])
def test_unknown_image_is_reported_with_the_expected_range(open_page: Open, two_heads: list[str], image: str) -> None:
    app = open_page("predictions", image=image)
    assert [warning.value for warning in app.warning] == [f"Expected image between 0 and 359; got '{image}'."]
    assert app.selectbox(key="class_index")


# Predictions


def test_class_filter_is_empty_at_first_for_any_class_names(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions")
    assert app.selectbox(key="class_index").value is None
    assert "any" not in app.selectbox(key="class_index").options
    assert any("360 of 360 test images" in caption.value for caption in app.caption)
    app = open_page("predictions", **{"class": "3"})
    assert app.selectbox(key="class_index").value == 3
    assert not any("360 of 360 test images" in caption.value for caption in app.caption)


def test_another_filter_returns_to_the_first_page(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions", page="15")
    assert app.number_input(key="page").value == 15
    app.selectbox(key="class_index").set_value(3).run()
    assert app.number_input(key="page").value == 1
    assert not [*app.warning, *app.error]


def test_dialog_shows_the_probability_of_the_true_class(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions", image="7")
    assert re.search(r"GAP: \*\*[\d.]+%\*\*", text_of(app))


def test_dialog_shows_the_feature_maps_of_each_layer_or_the_reason(open_page: Open, examples: list[Run]) -> None:
    app = open_page("predictions", image="7")
    assert "Feature maps of each layer" in [fold.label for fold in app.expander]
    charts = len(app.get("vega_lite_chart"))
    app.session_state["feature-maps"] = True
    app.run()
    assert len(app.get("vega_lite_chart")) == charts + 2
    assert "Feature maps of test image 7, GAP: 5 layers; Flatten + Dense: 4 layers." in text_of(app)
    app.selectbox(key="seed").set_value(1).run()
    assert text_of(app).count("(seed 0), which has one.") == 2
    assert not app.error


def test_link_to_an_image_opens_it(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions", image="7")
    assert any("Test image 7" in caption.value for caption in app.caption)


def test_dialog_goes_to_the_neighbors_in_the_order_of_the_gallery(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions", image="7", order="most-confident-first")
    shown = [int(part) for part in re.findall(r"Image (\d+) of 360", text_of(app))]
    assert shown
    app.button(key="image-Next").click().run()
    assert app.query_params["image"] != "7"
    app.button(key="image-Previous").click().run()
    assert app.query_params["image"] == "7"
    assert f"Image {shown[0]} of 360" in text_of(app)
    assert [app.button(key=f"image-{name}").proto.shortcut for name in ("Previous", "Next")] == ["left", "right"]
    app = open_page("predictions", image="0", class_index="3")  # the link opens it, although the filter excludes it
    assert not {"Previous", "Next"} & set(labels(app))


def test_every_filter_is_in_the_url_and_counted(open_page: Open, two_heads: list[str]) -> None:
    everything = {
        "show": "wrong", "predicted": "3", "predicted_by": "", "confidence": ["20", "90"],
        "agreement": "different-predictions",
    }  # fmt: skip
    app = open_page("predictions", **{name: value for name, value in everything.items() if value})
    assert (app.selectbox(key="predicted").value, app.slider(key="confidence").value) == (3, (20, 90))
    assert re.search(r"\d+ of 360 test images, with 2 more filters\.", text_of(app))
    app = open_page("predictions", show="only-one-wrong", agreement="same-prediction")
    assert [info.value for info in app.info] == ["No images match these filters (0 of 360)."]
    app.button(key="reset-filters").click().run()
    assert any("360 of 360 test images" in caption.value for caption in app.caption)
    app = open_page("predictions", confidence=["20", "x"])
    assert "Expected confidence to be two integers between 0 and 100" in app.warning[0].value


def test_cell_of_the_matrix_opens_exactly_its_images(
    open_page: Open, home: Home, two_heads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = Comparison.of(RunStore(home).open(run_id) for run_id in two_heads)
    variant = comparison.variants[1]
    runs = {run.spec.seed: compute_predicted(run.predictions.test_probs) for run in variant.runs}
    truth = variant.first.predictions.test_labels
    cells = {seed: set(zip(truth.tolist(), found.tolist(), strict=True)) for seed, found in runs.items()}
    label, predicted = next(iter(sorted(cells[1] - cells[0])))  # only with the other seed
    state: dict[str, object] = {}
    with monkeypatch.context() as patch:
        patch.setattr("core.ui.predictions.gallery.st.session_state", state)
        select_cell(comparison, variant.key, label, predicted, 0)
    params = {name: str(state[name]) for name in ("class_index", "predicted", "predicted_by", "seed", "predictions")}
    app = open_page("predictions", **params)
    count = int(((truth == label) & (runs[1] == predicted)).sum())
    assert [caption.value[:19] for caption in app.caption if " of 360 test" in caption.value] == [
        f"{count} of 360 test images"[:19]
    ]
    assert not app.warning


# Download


def test_csv_holds_every_prediction_of_every_run_as_safe_text(make_run: RunWriter) -> None:
    first, second = make_run(head="gap"), make_run(head="dense", seed=3)
    probs = first.predictions.test_probs.copy()
    probs[5] = np.nan
    names = ("=1+1", *"bcdefghij")
    comparison = Comparison.of([rewrite(first, probs=probs, classes=names), rewrite(second, classes=names)])
    text = write_predictions(comparison)
    assert text.startswith(b"\xef\xbb\xbfimage,true_class,head,seed,run_id,predicted_class,confidence,correct,P(=1+1)")
    frame = pd.read_csv(io.BytesIO(text))
    assert (len(frame), frame["run_id"].nunique(), set(frame["seed"])) == (720, 2, {0, 3})
    assert frame.loc[5, "predicted_class"] == "no prediction"
    assert pd.isna(frame.loc[5, "confidence"])
    assert set(frame["true_class"]) == {"'=1+1", *"bcdefghij"}
    stored = np.concatenate([run.predictions.test_probs for run in comparison.runs])
    read = frame.iloc[:, -10:].to_numpy(np.float32)
    assert np.array_equal(read, stored, equal_nan=True)
    predicted = compute_predicted(stored)
    assert (frame["correct"].to_numpy() == (predicted == np.tile(first.predictions.test_labels, 2))).all()
    assert (predicted == NO_PREDICTION).sum() == 1
