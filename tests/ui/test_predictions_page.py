"""The Predictions page: filters, images and their dialog."""

import re

import pytest

from core.datasets.cache import open_dataset
from core.home import Home
from core.store.run import Run
from tests.support.page import Open, text_of

# States of the home


def test_missing_images_leave_the_metrics(open_page: Open, home: Home, two_heads: list[str]) -> None:
    path = home.datasets / "digits" / "dataset.json"
    fingerprint = open_dataset(home, "digits").info.fingerprint
    path.write_text(path.read_text().replace(fingerprint, "0123456789abcdef"))
    app = open_page("predictions")
    assert "are not available" in app.info[0].value
    assert "Confusion matrix" in [heading.value for heading in app.subheader]


# URL values


@pytest.mark.parametrize("image", ["999999", "abc", "-1"])
def test_unknown_image_is_reported_with_the_expected_range(open_page: Open, two_heads: list[str], image: str) -> None:
    app = open_page("predictions", image=image)
    assert [warning.value for warning in app.warning] == [f"Expected image between 0 and 359; got '{image}'."]
    assert "Confusion matrix" in [heading.value for heading in app.subheader]


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
    assert text_of(app).count("has no model file. Select seed 0.") == 2
    assert not app.error


def test_link_to_an_image_opens_it(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions", image="7")
    assert any("Test image 7" in caption.value for caption in app.caption)
