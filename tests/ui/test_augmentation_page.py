"""The Augmentation page in Streamlit's test runner."""

import html
import io
import re
from base64 import b64decode
from functools import partial

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.augment.pipeline import Pipeline
from core.datasets.cache import open_dataset
from core.displays.image_strip import Row, build_strip, encode_image
from core.displays.markdown import escape_markdown
from core.home import Home
from core.spec import TRANSFORMS
from core.ui.url import MAX_SHOWN
from tests.support.dataset_writer import write_dataset
from tests.support.page import Open
from tests.support.run_writer import RunWriter

PUBLISHED = "random_crop=1,flip_horizontal=0.5"


@pytest.fixture
def open_augmentation(open_page: Open) -> Open:
    return partial(open_page, "augmentation")


def pictures(app: AppTest, strip: int) -> dict[str, np.ndarray]:
    """Return the images of a strip by their alt text; strip 0 is that of the pipeline."""
    body = app.main.get("html")[strip].proto.body
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]+)"', body)
    return {html.unescape(alt): np.asarray(Image.open(io.BytesIO(b64decode(data)))) for data, alt in found}


def text_of(app: AppTest) -> str:
    return app.text_input(key="augmentation").value


def test_empty_home_shows_the_published_pipeline_on_the_digits(open_augmentation: Open) -> None:
    app = open_augmentation()
    assert not [*app.error, *app.warning, *app.info]
    assert (app.title[0].value, app.selectbox(key="data").value, text_of(app)) == (
        "Augmentation",
        "digits",
        PUBLISHED,
    )
    assert len(app.main.get("html")) == 1 + len(TRANSFORMS)
    assert f'headroom train --recipe digits-heads --seed 0 --augmentation "{PUBLISHED}"' in app.code[0].value


def test_strip_shows_the_images_of_training(open_augmentation: Open, home: Home) -> None:
    app = open_augmentation(augmentation="rotation=30,zoom", augment_seed="5", first="7")
    images = open_dataset(home, "digits").arrays().train_images
    found = pictures(app, 0)
    assert len(found) == 6 * 6
    for index in range(7, 13):
        np.testing.assert_array_equal(found[f"training image {index}, original"], images[index, ..., 0])
        for epoch in range(1, 6):
            seen = Pipeline.parse("rotation=30,zoom").augment_batch(
                [images[index]], [index], seed=5, epoch=epoch, side=28
            )
            np.testing.assert_array_equal(found[f"training image {index}, epoch {epoch}"], seen[0, ..., 0])
    assert any("seed 5 receives them in epochs 1 to 5 (28×28 pixels)" in caption.value for caption in app.caption)


def test_comparison_with_augmentation_sets_the_pipeline(open_augmentation: Open, make_run: RunWriter) -> None:
    make_run(augmentation="shift=0.2")
    assert text_of(open_augmentation()) == "shift=0.2"


def test_comparison_without_augmentation_keeps_the_published_pipeline(
    open_augmentation: Open, make_run: RunWriter
) -> None:
    make_run()
    assert text_of(open_augmentation()) == PUBLISHED


def test_selected_transforms_and_strengths_write_the_text(open_augmentation: Open) -> None:
    app = open_augmentation()
    app.multiselect(key="steps").set_value(["flip_horizontal", "rotation"]).run()
    assert text_of(app) == "flip_horizontal=0.5,rotation=10"
    app.slider(key="strength-rotation").set_value(25.0).run()
    assert text_of(app) == "flip_horizontal=0.5,rotation=25"
    assert '--augmentation "flip_horizontal=0.5,rotation=25"' in app.code[0].value
    app.multiselect(key="steps").set_value([]).run()
    assert text_of(app) == ""
    found = pictures(app, 0)
    np.testing.assert_array_equal(found["training image 0, epoch 1"], found["training image 0, epoch 5"])


def test_typed_text_sets_transforms_and_strengths(open_augmentation: Open) -> None:
    app = open_augmentation()
    app.text_input(key="augmentation").set_value("zoom=0.25, shift").run()
    assert app.multiselect(key="steps").value == ["zoom", "shift"]
    assert (app.slider(key="strength-zoom").value, app.slider(key="strength-shift").value) == (0.25, 0.1)


@pytest.mark.parametrize("text", ["rotation=200", "soup", "a b", "zoom,zoom", "<b>", "=" * 3000])
def test_invalid_text_is_reported_and_the_transforms_stay(open_augmentation: Open, text: str) -> None:
    app = open_augmentation(augmentation=text)
    assert re.fullmatch(r"Expected .* augmentation.*; got .*\.", app.error[0].value)
    assert len(app.main.get("html")) == len(TRANSFORMS)


def test_slider_changes_only_its_own_strip(open_augmentation: Open) -> None:
    app = open_augmentation()
    before = [strip.proto.body for strip in app.main.get("html")]
    app.slider(key="amount-brightness").set_value(1.0).run()
    after = [strip.proto.body for strip in app.main.get("html")]
    index = 1 + list(TRANSFORMS).index("brightness")
    assert [number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]] == [index]
    assert (pictures(app, index)["training image 0, brightness +1"] == 255).all()


def test_missing_dataset_is_shown_with_the_download_command(open_augmentation: Open) -> None:
    app = open_augmentation(data="MNIST")
    assert "headroom datasets download mnist" in app.info[0].value
    assert app.selectbox(key="data").value == "mnist"
    assert not [*app.warning, *app.error]
    app.selectbox(key="data").set_value("digits").run()
    assert len(app.main.get("html")) == 1 + len(TRANSFORMS)


def test_dataset_without_a_recipe_is_shown(open_augmentation: Open, home: Home) -> None:
    write_dataset(home, ["a", "b"], dataset="cifar10", train=20, shape=(32, 32, 3))
    app = open_augmentation(data="cifar10")
    assert not [*app.error, *app.exception]
    assert "headroom train --recipe digits-heads --dataset cifar10" in app.code[0].value


@pytest.mark.parametrize("value", ["soup", "<b>", "x" * 3000])
def test_unknown_dataset_is_reported(open_augmentation: Open, value: str) -> None:
    app = open_augmentation(data=value)
    message = (
        f'Dataset "{escape_markdown(value[:MAX_SHOWN])}" was not found; it may have been deleted. Select another one.'
    )
    assert [warning.value for warning in app.warning] == [message]
    assert (app.selectbox(key="data").value, len(app.main.get("html"))) == (None, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("first", "-3"), ("first", "99999"), ("first", "x"), ("augment_seed", "-1"), ("augment_seed", "1e99")],
)
def test_invalid_url_value_is_reported_and_replaced_by_the_default(
    open_augmentation: Open, name: str, value: str
) -> None:
    app = open_augmentation(**{name: value})
    assert re.fullmatch(rf"Expected {name} .*; got {value!r}\.", app.warning[0].value)
    assert len(app.main.get("html")) == 1 + len(TRANSFORMS)


def test_damaged_dataset_is_reported(open_augmentation: Open, home: Home) -> None:
    open_dataset(home, "digits")
    (home.datasets / "digits" / "train_images.npy").write_bytes(b"not an array")
    app = open_augmentation()
    assert app.error[0].value.startswith("Digits is damaged")
    assert not app.main.get("html")


def test_small_images_are_lossless_and_large_ones_compressed() -> None:
    small = np.random.default_rng(0).integers(0, 256, (28, 28, 3), dtype=np.uint8)
    uri = encode_image(small)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(b64decode(uri.partition(",")[2])))), small)
    large = encode_image(np.zeros((500, 400, 3), np.uint8))
    assert large.startswith("data:image/jpeg")
    assert max(Image.open(io.BytesIO(b64decode(large.partition(",")[2]))).size) == 192


def test_strip_enlarges_only_small_images_without_smoothing_and_has_alt_text() -> None:
    images = [np.zeros((28, 28, 1), np.uint8), np.zeros((200, 200, 3), np.uint8)]
    strip = build_strip([Row("a<b", images, ['the "first"', "the second"])])
    assert strip.count("pixelated") == 1
    assert 'alt="the &quot;first&quot;"' in strip
    assert "a&lt;b" in strip
