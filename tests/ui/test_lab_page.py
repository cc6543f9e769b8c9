"""The Lab page in Streamlit's test runner: every topic, from a link, from a slider, and with invalid values."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.lab.kernel import KERNELS_1D, KERNELS_2D
from core.lab.sample import PATTERNS, PHOTOS, SIGNALS
from core.ui import url
from core.ui.lab.topic import TOPICS
from tests.support.page import Open, read_tables


@pytest.fixture
def open_lab(open_page: Open) -> Open:
    """Open a topic of the lab; its settings are given without their prefix."""
    return lambda topic, **params: open_page(
        "lab", lab_topic=topic, **{f"lab_{name}": value for name, value in params.items()}
    )


def text_of(app: AppTest) -> str:
    elements = [*app.markdown, *app.latex, *app.caption, *app.error, *app.warning, *app.info]
    return "\n".join(str(element.value) for element in elements)


@pytest.mark.parametrize("topic", TOPICS)
def test_topic_opens_from_its_link_without_warnings(open_lab: Open, topic: str) -> None:
    app = open_lab(topic)
    assert app.title[0].value == "Convolution lab"
    assert app.segmented_control(key="lab_topic").value == topic
    assert not [*app.error, *app.warning]
    app.run()
    assert not [*app.error, *app.warning]


def test_only_the_selected_topic_runs(open_lab: Open) -> None:
    app = open_lab("Losses")
    assert [table.columns[0] for table in read_tables(app)] == ["Cross-entropy"]
    assert "lab_x" not in app.session_state


@pytest.mark.parametrize("topic", ["Soup", ""])
def test_unknown_topic_is_reported_and_the_first_is_open(open_lab: Open, topic: str) -> None:
    app = open_lab(topic)
    assert app.segmented_control(key="lab_topic").value == "1D convolution"
    sentence = app.warning[0].value
    assert sentence.startswith("Expected lab_topic to be one of '1d-convolution'")
    assert sentence.endswith(f"got {topic!r}.")


SLIDING = {"padding": "soup", "p": "9", "s": "0", "d": "x", "operation": "soup", "step": "9999"}
INVALID: dict[str, dict[str, str]] = {
    "1D convolution": {"signal": "soup", "kernel1": "soup", **{f"1d_{name}": value for name, value in SLIDING.items()}},
    "2D convolution": {
        "2d_image": "soup", "kernel2": "", "2d_scan": "1797",
        **{f"2d_{name}": value for name, value in SLIDING.items()},
    },
    "Output size": {"n": "65", "m": "0", "p": "-1", "s": "1.5", "d": "nan"},
    "Pooling": {
        "pool_image": "flower", "pool_scan": "x", "pool_window": "7", "pool_stride": "0", "pool_step": "",
        "pool_seed": "21",
    },
    "Channels": {
        "channel_photo": "soup", "channel_red": "box blur 5 × 5", "channel_green": "", "channel_blue": "soup",
        "channel_bias": "101", "cost_n": "3", "cost_c": "x", "cost_k": "1e9", "cost_m": "inf",
    },
    "Image files": {"array_photo": "soup", "array_plane": "violet", "array_row": "420", "array_column": "-1"},
    "Regularization": {"l2_strength": "2.5", "l2_best": "nan", "dropout_rate": "1", "dropout_seed": "0.5"},
    "Losses": {"logit": "41", "target": "2", "label": "3"},
}  # fmt: skip
NEEDED = {"2d_scan": ("2d_image", "handwritten digit"), "pool_scan": ("pool_image", "handwritten digit")}
TYPED = {
    "1D convolution": ["x", "w"], "2D convolution": ["2d_x", "w2"], "Pooling": ["pool_x", "pool_weights"],
    "Regularization": ["l2_w", "dropout_x"], "Losses": ["logits"],
}  # fmt: skip


@pytest.mark.parametrize("topic", TOPICS)
def test_invalid_link_values_are_reported_and_the_defaults_used(open_lab: Open, topic: str) -> None:
    nonsense = INVALID[topic]
    tested = [{name: value for name, value in nonsense.items() if name not in NEEDED}]
    tested += [{name: nonsense[name], **dict([NEEDED[name]])} for name in NEEDED if name in nonsense]
    for params in tested:
        given = {name: value for name, value in params.items() if nonsense.get(name) == value}
        app = open_lab(topic, **params)
        shown = sorted(warning.value for warning in app.warning)
        assert len(shown) == len(given), shown
        for name, value in given.items():
            assert [one for one in shown if re.fullmatch(rf"Expected lab_{name} .*; got {value!r}\.", one)], (
                name,
                shown,
            )
            assert f"lab_{name}" not in app.query_params
        assert not app.error
        assert app.segmented_control(key="lab_topic").value == topic
        assert not app.run().warning  # shown only once


@pytest.mark.parametrize("topic", TYPED)
def test_text_in_a_link_that_is_too_long_or_not_numeric_is_reported(open_lab: Open, topic: str) -> None:
    for name in TYPED[topic]:
        app = open_lab(topic, **{name: "1 " * 5000})
        assert [warning.value.split(";")[0] for warning in app.warning] == [
            f"Expected lab_{name} to be text of at most 8,000 characters"
        ]
        app = open_lab(topic, **{name: "soup"})
        assert re.fullmatch(r"Expected .* as (rows of )?numbers .*; got 'soup'\.", app.error[0].value)


def test_every_setting_of_the_lab_is_tested_with_invalid_values() -> None:
    url.is_registered("unknown")  # imports every module that registers names
    tried = {name for names in [*INVALID.values(), *TYPED.values()] for name in names} | {"topic"}
    assert {f"lab_{name}" for name in tried} == {name for name in url._names if name.startswith("lab_")}


def test_unknown_setting_is_reported(open_lab: Open) -> None:
    app = open_lab("Losses", soup="1")
    assert [warning.value for warning in app.warning] == ['Unknown link parameter "lab_soup" was ignored.']


# Convolution


def test_first_step_of_the_examples(open_lab: Open) -> None:
    app = open_lab("1D convolution")
    app.slider(key="lab_1d_step").set_value(1).run()
    assert "y[0] = 0·2 + 0·1 + 1·3 + 3·0 + 2·1 = **5**" in text_of(app)
    assert r"\frac{8 + 2 \cdot 2 - 5}{1} \right\rfloor + 1 = 8" in text_of(app)
    assert "Matches the library in all 8 values." in text_of(app)
    app = open_lab("2D convolution")
    app.slider(key="lab_2d_step").set_value(16).run()
    assert "= **9**" in text_of(app)


def test_cross_correlation_does_not_flip_the_kernel(open_lab: Open) -> None:
    app = open_lab("1D convolution", **{"1d_operation": "cross-correlation", "1d_step": "1"})
    assert "y[0] = 0·1 + 0·0 + 1·3 + 3·1 + 2·2 = **10**" in text_of(app)


@pytest.mark.parametrize("padding", ["full", "same", "valid", "custom"])
@pytest.mark.parametrize("topic", ["1D convolution", "2D convolution"])
def test_library_agrees_with_every_padding_stride_and_dilation(open_lab: Open, topic: str, padding: str) -> None:
    name = topic[:2].lower()
    app = open_lab(topic, **{f"{name}_padding": padding, f"{name}_s": "2"})
    assert "Matches the library in all" in text_of(app)
    if padding != "valid":
        app.slider(key=f"lab_{name}_d").set_value(2).run()
        assert "Matches the library in all" in text_of(app) or "Use more padding" in text_of(app)


def test_step_is_limited_when_the_output_becomes_shorter(open_lab: Open) -> None:
    app = open_lab("1D convolution")
    app.slider(key="lab_1d_step").set_value(8).run()
    app.slider(key="lab_1d_s").set_value(3).run()
    assert app.slider(key="lab_1d_step").value == app.slider(key="lab_1d_step").max == 3
    app.slider(key="lab_1d_p").set_value(0).run()
    app.text_input(key="lab_w").set_value("1 0 3 1 2 1 1 1").run()
    assert "the window has only one position" in text_of(app)


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_signal_is_convolved_with_every_kernel(open_lab: Open, signal: str) -> None:
    app = open_lab("1D convolution", signal=signal)
    for kernel in KERNELS_1D:
        app.selectbox(key="lab_kernel1").set_value(kernel).run()
        assert "Matches the library in all" in text_of(app)


@pytest.mark.parametrize("image", [*PATTERNS, *PHOTOS, "handwritten digit"])
def test_every_image_is_convolved_with_a_kernel(open_lab: Open, image: str) -> None:
    app = open_lab("2D convolution", **{"2d_image": image, "kernel2": "Sobel, left to right", "2d_padding": "same"})
    assert "Matches the library in all" in text_of(app)


@pytest.mark.parametrize("kernel", KERNELS_2D)
def test_every_kernel_is_applied_to_the_image(open_lab: Open, kernel: str) -> None:
    assert "Matches the library in all" in text_of(open_lab("2D convolution", kernel2=kernel))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("abc", "Expected kernel as rows of numbers separated by spaces, one row per line; got 'abc'."),
        ("", "Expected kernel as rows of numbers separated by spaces, one row per line; got an empty text."),
        ("1 2; 3", "Expected rows of equal length in kernel; got rows of 1 and 2 numbers."),
        ("<b>1</b>", "got '<b>1</b>'."),
    ],
)
def test_invalid_text_gives_an_error_message_and_can_be_corrected(open_lab: Open, text: str, sentence: str) -> None:
    app = open_lab("2D convolution")
    app.text_area(key="lab_w2").set_value(text).run()
    assert len(app.error) == 1
    assert app.error[0].value.replace("\\", "").endswith(sentence)
    app.text_area(key="lab_w2").set_value("1").run()
    assert not app.error


def test_kernel_larger_than_the_image_is_rejected(open_lab: Open) -> None:
    app = open_lab("2D convolution", **{"2d_padding": "valid", "kernel2": "box blur 5 × 5"})
    assert app.error[0].value.startswith("Expected a kernel that covers at most 4 values (the padded input); got 5")


def test_link_keeps_the_typed_text(open_lab: Open) -> None:
    app = open_lab("1D convolution", x="1 2 3", w="1 1", **{"1d_padding": "full", "1d_step": "2"})
    assert "y[1] = 1·1 + 2·1 = **3**" in text_of(app)


# Output size


def test_size_of_the_examples(open_lab: Open) -> None:
    table = read_tables(open_lab("Output size"))[0].set_index("Case")
    assert list(table["Output o"]) == ["10", "6", "14", "10", "6"]


def test_size_follows_its_sliders(open_lab: Open) -> None:
    app = open_lab("Output size", n="11", m="3", p="2", s="2", d="2")
    assert r"2\,(3 - 1) + 1 = 5" in text_of(app)
    assert r"\frac{11 + 2 \cdot 2 - 5}{2} \right\rfloor + 1 = 6" in text_of(app)
    app.slider(key="lab_n").set_value(1).run()
    app.slider(key="lab_p").set_value(0).run()
    assert "Use more padding" in app.error[0].value


# Pooling and channels


def test_max_pooling_ignores_what_mean_pooling_includes(open_lab: Open) -> None:
    app = open_lab("Pooling")
    for seed in (1, 2, 7):
        app.slider(key="lab_pool_seed").set_value(seed).run()
        assert "**9 of 9** for max pooling" in text_of(app)
        assert "**9 of 9** for mean pooling" not in text_of(app)
    assert [metric.value for metric in app.metric] == ["9", "2.667"]


def test_overlapping_windows_are_described(open_lab: Open) -> None:
    app = open_lab("Pooling", pool_window="3", pool_stride="2")
    assert "The windows overlap." in text_of(app)
    assert "At this stride, the windows differ from the tiles" in text_of(app)
    app.slider(key="lab_pool_stride").set_value(4).run()
    assert "The windows leave gaps." in text_of(app)


def test_convolution_with_equal_weights_is_mean_pooling(open_lab: Open) -> None:
    app = open_lab("Pooling")
    assert "the results are equal" in text_of(app)
    app.text_area(key="lab_pool_weights").set_value("1 0; 0 0").run()
    assert "the results are different" in text_of(app)
    app.text_area(key="lab_pool_weights").set_value("1 0 1").run()
    assert not app.error


def test_window_larger_than_the_map_is_rejected(open_lab: Open) -> None:
    app = open_lab("Pooling", pool_x="1 2; 3 4", pool_window="3")
    assert app.error[0].value == "Expected a window of at most 2 (the size of the map); got 3."


def test_channels_sum_to_one_map(open_lab: Open) -> None:
    app = open_lab("Channels")
    for name in ("Red", "Green", "Blue"):
        app.selectbox(key=f"lab_channel_{name.lower()}").set_value("identity").run()
    app.slider(key="lab_channel_bias").set_value(5).run()
    shown = next(m.value for m in app.markdown if "Output at row" in m.value)
    *parts, bias, total = [
        int(word.strip("*.,")) for word in shown.split(": ")[1].split() if word.strip("*.,").isdigit()
    ]
    assert (len(parts), bias, total) == (3, 5, sum(parts) + 5)


def test_cost_follows_its_sliders(open_lab: Open) -> None:
    app = open_lab("Channels", cost_n="10", cost_c="3", cost_k="8", cost_m="5")
    assert r"5 \cdot 5 \cdot 3 \cdot 8 + 8 = 608" in text_of(app)
    assert "= 240{,}000" in text_of(app)


# Images


def upload(app: AppTest, key: str, data: bytes) -> AppTest:
    return app.file_uploader(key=key).upload("picture.png", data, "image/png").run()


def test_bundled_photograph_is_described(open_lab: Open) -> None:
    app = open_lab("Image files")
    assert "**shape** (427, 640, 3) · **dtype** uint8 · **range** 0 to 255" in text_of(app)
    assert list(read_tables(app)[0]["Channel"]) == ["red", "green", "blue", "gray"]


def test_page_waits_for_a_file(open_lab: Open) -> None:
    app = open_lab("Image files", array_photo="uploaded image")
    assert "Upload an image file." in app.info[0].value
    assert not read_tables(app)


@pytest.mark.parametrize(("shape", "channels"), [((5, 6), 1), ((300, 20, 3), 3), ((1, 1, 3), 3)])
def test_uploaded_image_is_described(open_lab: Open, shape: tuple[int, ...], channels: int) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full(shape, 9, dtype=np.uint8)).save(buffer, format="PNG")
    app = upload(open_lab("Image files", array_photo="uploaded image"), "lab_array_file", buffer.getvalue())
    assert f"**shape** ({shape[0]}, {shape[1]}, {channels})" in text_of(app)
    assert set(read_tables(app)[0]["Maximum"]) == {"9"}


def test_invalid_file_gives_an_error_message(open_lab: Open) -> None:
    app = upload(open_lab("Image files", array_photo="uploaded image"), "lab_array_file", b"not a picture")
    assert [error.value for error in app.error] == [
        "This file is not a valid image (PNG, JPEG, GIF, WebP, BMP, TIFF or PPM)."
    ]


# Regularization and losses


def test_penalty_follows_its_strength(open_lab: Open) -> None:
    app = open_lab("Regularization", l2_strength="1.0")
    assert "= **14.25**" in text_of(app)
    assert "2 / (1 + 1) = **1**" in text_of(app)


@pytest.mark.parametrize("rate", ["0.0", "0.9"])
def test_dropout_at_its_bounds(open_lab: Open, rate: str) -> None:
    app = open_lab("Regularization", dropout_rate=rate)
    assert ("0 of 8 units dropped" in text_of(app)) == (rate == "0.0")


def test_losses_start_with_the_published_values(open_lab: Open) -> None:
    table = read_tables(open_lab("Losses"))[0]
    for column in ("From logits", "From probabilities"):
        assert list(table[column]) == ["0.3711", "0.5996", "0.5996"]


def test_loss_from_probabilities_differs_from_logits_where_they_are_clipped(open_lab: Open) -> None:
    table = read_tables(open_lab("Losses", logit="-30.0"))[0]
    assert list(table.iloc[0, 2:]) == ["30.0000", "16.1181"]


def test_class_is_limited_when_there_are_fewer_logits(open_lab: Open) -> None:
    app = open_lab("Losses", logits="1 2 3 4", label="3")
    assert app.slider(key="lab_label").value == 3
    app.text_input(key="lab_logits").set_value("1 2").run()
    assert app.slider(key="lab_label").value == 1
    app.text_input(key="lab_logits").set_value("1").run()
    assert app.error[0].value == "Expected at least 2 logits; got 1."
