"""The Draw page: drawings, image files, and runs without a model."""

import io

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.analysis.activation import prepare_picture
from core.analysis.live_model import LiveModel
from core.store.run import Run
from tests.support.activation import html_of, picture, seven
from tests.support.page import Open
from tests.support.run_writer import RunWriter


def give(app: AppTest, data: bytes, name: str = "seven.png") -> AppTest:
    return app.file_uploader[0].set_value((name, data, "image/png")).run()


def test_heads_predict_an_image_file(open_page: Open, examples: list[Run]) -> None:
    app = open_page("draw", drawn_from="file")
    assert [info.value for info in app.info] == ["Draw or upload an image to see predictions."]
    give(app, picture(seven(30, 230), "JPEG"))
    assert not [*app.error, *app.info]
    expected = {}
    for run in examples:
        if run.has("model.tflite"):
            probs = LiveModel(run).predict(prepare_picture(picture(seven(30, 230), "JPEG"), run)[np.newaxis]).probs[0]
            expected[run.spec.head] = f'"{probs.argmax()}" ({100 * probs.max():.1f}%)'
    assert app.markdown[-1].value == f"**GAP: {expected['gap']} · Flatten + Dense: {expected['dense']}**"
    html = html_of(app)
    assert html.count("var(--maps)") == 2
    assert "model input" in html
    app.session_state["drawn-feature-maps"] = True
    app.run()
    assert len(app.get("vega_lite_chart")) == 2
    assert any("black is 0 and white its largest value" in caption.value for caption in app.caption)
    app.selectbox(key="drawn_class_index").set_value(4).run()
    assert "evidence for &quot;4&quot;" in html_of(app)
    assert not app.error


def cmyk() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(seven()).convert("RGB").convert("CMYK").save(buffer, "JPEG")
    return buffer.getvalue()


def huge() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PNG")
    return buffer.getvalue()


def test_unusual_file_is_predicted_or_rejected_with_a_message(open_page: Open, examples: list[Run]) -> None:
    app = open_page("draw", drawn_from="file")
    for data, message in [
        (b"", "image file is empty"),
        (b"<svg>", "not a valid image"),
        (picture(seven())[:200], "damaged or truncated"),
        (huge(), "may have at most 50,000,000 pixels"),
        (picture(np.zeros((40, 40), np.uint8)), "drawing is empty"),
    ]:
        give(app, data)
        assert len(app.error) == 1
        assert message in app.error[0].value
    give(app, cmyk())
    assert not app.error


def test_missing_model_is_reported_with_what_to_do(open_page: Open, examples: list[Run]) -> None:
    app = open_page("draw", drawn_from="file", drawn_seed="1")
    for head, info in zip(("gap", "dense"), app.info, strict=True):
        whole, lost = (
            next(run for run in examples if (run.spec.head, run.spec.seed) == (head, seed)) for seed in (0, 1)
        )
        expected = f"run {lost.run_id} (seed 1) has no model file. Use run {whole.run_id} (seed 0), which has one."
        assert info.value.endswith(expected)


def test_runs_without_any_model_show_what_to_do(open_page: Open, make_run: RunWriter) -> None:
    make_run()
    app = open_page("draw")
    assert ["Train the run on this machine" in info.value for info in app.info] == [True]


def test_damaged_model_is_reported(open_page: Open, examples: list[Run]) -> None:
    run = next(run for run in examples if run.has("model.tflite"))
    with (run.path / "model.tflite").open("r+b") as file:
        file.truncate(5000)
    st.cache_resource.clear()  # models that other tests have opened
    app = open_page("draw", drawn_from="file")
    assert [error.value.startswith("model.tflite of run") for error in app.error] == [True]


def test_empty_home_shows_what_to_do(open_page: Open) -> None:
    assert open_page("draw").header[0].value == "No runs yet"
