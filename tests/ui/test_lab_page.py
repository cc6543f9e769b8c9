"""Sections of the Lab page in Streamlit's test runner, in many states."""

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.lab.kernel import KERNELS_1D, KERNELS_2D
from core.lab.sample import PATTERNS, PHOTOS, SIGNALS
from tests.support.page import Open, read_tables


def text_of(app: AppTest) -> str:
    elements = [*app.markdown, *app.latex, *app.caption, *app.error, *app.warning, *app.info]
    return "\n".join(str(element.value) for element in elements)


def change(app: AppTest, **values: object) -> str:
    """Set widgets by their keys without the prefix, and return the text of the page."""
    kinds = {
        kind: {element.key: element for element in app.get(kind)}
        for kind in ("slider", "selectbox", "toggle", "button_group", "text_input", "text_area")
    }
    for name, value in values.items():
        next(found[f"lab_{name}"] for found in kinds.values() if f"lab_{name}" in found).set_value(value)
    app.run()
    return text_of(app)


# Convolution


def test_states_of_a_signal(open_lab: Open) -> None:
    app = open_lab("1D convolution")
    assert "y[0] = 0·2 + 0·1 + 1·3 + 3·0 + 2·1 = **5**" in change(app, **{"1d_step": 1})
    assert r"\frac{8 + 2 \cdot 2 - 5}{1} \right\rfloor + 1 = 8" in text_of(app)
    assert "Matches the library in all 8 values." in text_of(app)
    flipped = change(app, **{"1d_operation": "cross-correlation"})
    assert "y[0] = 0·1 + 0·0 + 1·3 + 3·1 + 2·2 = **10**" in flipped
    change(app, **{"1d_operation": "convolution", "1d_step": 8})
    change(app, **{"1d_s": 3})
    assert app.slider(key="lab_1d_step").value == app.slider(key="lab_1d_step").max == 3
    for padding in ("full", "same", "valid", "custom"):
        for dilation in (1, 2):
            text = change(app, **{"1d_padding": padding, "1d_s": 2, "1d_d": dilation})
            assert "Matches the library in all" in text or "Use more padding" in text
    change(app, **{"1d_p": 0, "1d_d": 1, "1d_s": 1})
    assert "the window has only one position" in change(app, w="1 0 3 1 2 1 1 1")
    for name, text in (("w", "soup"), ("x", "1 2; 3 4")):
        assert "Expected" in change(app, **{name: text})
        assert len(app.error) == 1
        change(app, **{name: "1"})


def test_every_signal_and_kernel_is_convolved(open_lab: Open) -> None:
    app = open_lab("1D convolution", x="1 2 3", w="1 1", **{"1d_padding": "full", "1d_step": "2"})
    assert "y[1] = 1·1 + 2·1 = **3**" in text_of(app)
    for number, signal in enumerate(SIGNALS):
        for kernel in [*KERNELS_1D][number % 2 :: 2]:
            assert "Matches the library in all" in change(app, signal=signal, kernel1=kernel)
    example = {"signal": "example with stride 2", "kernel1": "example with stride 2"}
    change(app, **example, **{"1d_padding": "valid"})
    change(app, **{"1d_s": 2})
    assert "y[2] = 1·0.25 + 2·1 + 5·0.75 + 4·0.5 = **8**" in change(app, **{"1d_step": 3})


def test_states_of_an_image(open_lab: Open) -> None:
    app = open_lab("2D convolution", **{"2d_step": "16"})
    assert "= **9**" in text_of(app)
    for padding in ("full", "same", "valid", "custom"):
        text = change(app, **{"2d_padding": padding, "2d_s": 2})
        assert "Matches the library in all" in text
    text = change(app, **{"2d_axes": True, "2d_s": 2, "2d_p": 1})
    text = change(app, **{"2d_s2": 1, "2d_p2": 0})
    assert r"o_{\text{rows}} &= " in text
    assert r"\frac{4 + 2 \cdot 1 - 3}{2} \right\rfloor + 1 = 2" in text
    assert r"\frac{4 + 2 \cdot 0 - 3}{1} \right\rfloor + 1 = 2" in text
    assert "Matches the library in all 4 values." in text
    text = change(app, **{"2d_d2": 2, "2d_p2": 1})
    assert r"2\,(3 - 1) + 1 = 5" in text
    assert r"\frac{4 + 2 \cdot 1 - 5}{1} \right\rfloor + 1 = 2" in text
    assert "Matches the library in all 4 values." in text
    for text, sentence in (
        ("abc", "Expected kernel as rows of numbers separated by spaces, one row per line; got 'abc'."),
        ("", "Expected kernel as rows of numbers separated by spaces, one row per line; got an empty text."),
        ("1 2; 3", "Expected rows of equal length in kernel; got rows of 1 and 2 numbers."),
        ("<b>1</b>", "got '<b>1</b>'."),
    ):
        change(app, w2=text)
        assert [error.value.replace("\\", "").endswith(sentence) for error in app.error] == [True]
    change(app, w2="1")
    assert not app.error


def test_every_image_and_kernel_is_convolved(open_lab: Open) -> None:
    app = open_lab("2D convolution", **{"2d_padding": "valid", "kernel2": "box blur 5 × 5"})
    assert app.error[0].value.startswith("Expected a kernel that covers at most 4 values (the padded input); got 5")
    change(app, **{"2d_padding": "same"})
    for kernel in KERNELS_2D:
        assert "Matches the library in all" in change(app, kernel2=kernel)
    for image in [*PATTERNS, *PHOTOS, "handwritten digit"]:
        assert "Matches the library in all" in change(app, **{"2d_image": image})


# Padding


def test_size_follows_its_sliders(open_lab: Open) -> None:
    app = open_lab("Padding")
    assert list(read_tables(app)[0]["Output o"]) == ["10", "6", "14", "10", "6"]
    text = change(app, n=11, m=3, p=2, s=2, d=2)
    assert r"2\,(3 - 1) + 1 = 5" in text
    assert r"\frac{11 + 2 \cdot 2 - 5}{2} \right\rfloor + 1 = 6" in text
    change(app, n=1, p=0)
    assert "Use more padding" in app.error[0].value


def test_uses_of_each_input(open_lab: Open) -> None:
    app = open_lab("Padding", "Input use")
    assert "with valid padding: **1** in the corner, **9** in the center" in text_of(app)
    assert "no output with valid padding" in change(app, use_n=2)
    assert "with same padding" in text_of(app)
    for size, kernel, stride, dilation in ((1, 9, 4, 3), (16, 9, 4, 1), (16, 1, 1, 3)):
        change(app, use_n=size, use_m=kernel, use_s=stride, use_d=dilation)
        assert not app.error


# Pooling


def test_states_of_pooling(open_lab: Open) -> None:
    app = open_lab("Pooling")
    assert "The windows are adjacent." in text_of(app)
    assert "The windows overlap." in change(app, pool_window=3)
    assert "The windows leave gaps." in change(app, pool_stride=4)
    text = change(app, pool_window=2, pool_stride=2, pool_axes=True)
    assert r"o_{\text" not in text
    text = change(app, pool_window2=3)
    assert r"o_{\text{columns}} &= " in text
    assert "The windows overlap." in text
    change(app, pool_axes=False, pool_x="1 2; 3 4", pool_window=3)
    assert app.error[0].value == "Expected a window of at most 2 (the size of the map); got 3."


def test_pooling_of_the_published_signal(open_lab: Open) -> None:
    app = open_lab("Pooling", "1D", pool1_step="2")
    assert "Window 2: max(1, 7) = **7**, mean(1, 7) = **4**" in text_of(app)
    text = change(app, pool1_window=3, pool1_step=2)
    assert "max(1, 7, 1) = **7**, mean(1, 7, 1) = **3**" in text
    change(app, pool1_x="1 2")
    assert app.error[0].value == "Expected a window of at most 2 (the size of the map); got 3."


def test_max_pooling_ignores_what_mean_pooling_includes(open_lab: Open) -> None:
    app = open_lab("Pooling", "Local invariance")
    for seed in (1, 2, 7):
        text = change(app, pool_seed=seed)
        assert "**9 of 9** for max pooling" in text
        assert "**9 of 9** for mean pooling" not in text
    assert "At this stride, the windows differ from the tiles" in change(app, pool_window=3)


def test_convolution_with_equal_weights_is_mean_pooling(open_lab: Open) -> None:
    app = open_lab("Pooling", "Strided convolution")
    assert "are equal" in text_of(app)
    assert "are different" in change(app, pool_weights="1 0; 0 0")
    assert "are equal" in change(app, pool_weights="0.25 0.25 0.25 0.25")
    change(app, pooling_section="Global pooling")
    assert "reduces 36 values to one" in text_of(app)


# Channels


def test_channels_sum_to_one_map(open_lab: Open) -> None:
    app = open_lab("Channels", **{f"channel_{name}": "identity" for name in ("red", "green", "blue")}, channel_bias="5")
    shown = next(m.value for m in app.markdown if "Output at row" in m.value)
    *parts, bias, total = [
        int(word.strip("*.,")) for word in shown.split(": ")[1].split() if word.strip("*.,").isdigit()
    ]
    assert (len(parts), bias, total) == (3, 5, sum(parts) + 5)


def test_output_maps_follow_their_settings(open_lab: Open) -> None:
    app = open_lab("Channels", "Several output maps")
    assert "(64, 96, 5) → pooled (32, 48, 5)" in text_of(app)
    assert "3 · 3 · 3 · 5 + 5 = **140**" in text_of(app)
    text = change(app, maps_k=8, maps_relu=False, maps_window=3, maps_pooling="mean")
    assert "pooled (21, 32, 8)" in text
    assert "= **224**" in text
    change(app, maps_photo="china", maps_window=8)
    assert not app.error


def test_parameters_connections_and_memory_follow_their_settings(open_lab: Open) -> None:
    app = open_lab("Channels", "Parameters", cost_n="10", cost_c="3", cost_k="8", cost_m="5")
    assert r"5 \cdot 5 \cdot 3 \cdot 8 + 8 = 608" in text_of(app)
    assert "= 240{,}000" in text_of(app)
    assert "depends on 3 of 8 inputs" in change(app, channels_section="Connectivity")
    change(app, link_n=3, link_m=3, link_padding="valid")
    assert "lab_link_unit" not in [slider.key for slider in app.slider]
    change(app, link_m=4)
    assert "Expected a kernel that covers at most 3 values" in app.error[0].value
    assert "Position of [1, 2, 1]: **19**" in change(app, channels_section="Memory order")
    text = change(app, order_row=2, order_column=3, order_channel="Blue")
    assert "Position of [2, 3, 2]: **35**" in text
    assert "Position of [2, 2, 3]: **35**" in text


# Receptive field and algorithms


def test_receptive_field_follows_the_network(open_lab: Open) -> None:
    app = open_lab("Receptive field")
    assert "A unit of layer 4 (pool 2×2) depends on **10 × 10** of 28 × 28 input pixels." in text_of(app)
    assert "depends on **3 × 3**" in change(app, field_layer=1)
    change(app, field_padding="same")
    assert "Part of it is padding." in change(app, field_column=0)
    assert "Expected at least 3 values before conv 3×3" in change(app, field_blocks=5, field_padding="valid")
    app = open_lab("Receptive field", field_network="transfer-heads")
    assert "depends on **212 × 212** of 224 × 224" in change(app, field_layer=18)
    assert "**10 × 10**" in change(app, field_network="kmnist-heads")
    assert app.slider(key="lab_field_layer").value == app.slider(key="lab_field_layer").max == 4


def test_multiplications_follow_the_layer(open_lab: Open) -> None:
    app = open_lab("Fast algorithms")
    shown = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert shown == {
        "Direct": ("115,605,504", "reference"),
        "FFT": ("92,274,688", "1.25× fewer"),
        "Winograd F(2×2, 3×3)": ("51,380,224", "2.25× fewer"),
    }
    assert "the largest difference is below 10⁻¹²" in text_of(app)
    change(app, fast_m=1)
    assert [metric.label for metric in app.metric] == ["Direct", "FFT"]
    assert app.metric[1].delta.endswith("× more")


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
        "This file is not a valid image (PNG, JPEG, GIF, WebP, BMP, TIFF, PPM, AVIF or HEIC)."
    ]


# Regularization and losses


def test_penalties_follow_their_settings(open_lab: Open) -> None:
    app = open_lab("Regularization", l2_strength="1.0")
    assert "= **6.5** to the loss" in text_of(app)
    assert "= **14.25** to the loss" in text_of(app)
    assert "max(2 − 1/2, 0) = **1.5** and **L2** to 2 / (1 + 1) = **1**" in text_of(app)
    assert "max(0.3 − 1/2, 0) = **0**" in change(app, l2_best=0.3)


def test_dropout_and_its_ensemble_follow_their_settings(open_lab: Open) -> None:
    app = open_lab("Regularization", "Dropout", dropout_rate="0.0")
    assert "0 of 8 units dropped" in text_of(app)
    assert "0 of 8 units dropped" not in change(app, dropout_rate=0.9)
    text = change(app, regularization_section="Ensemble")
    assert r"2^{6} = 64\ \text{models}" in text
    assert "**equals** the weighted geometric mean" in text
    assert "**equals**" in change(app, models_h=8, models_rate=0.9)
    text = change(app, models_h=4, models_relu=True, models_rate=0.5)
    assert "one of the 16 models" in text
    assert "**approximates** the weighted geometric mean" in text


def test_losses_start_with_the_published_values(open_lab: Open) -> None:
    app = open_lab("Losses")
    table = read_tables(app)[0]
    for column in ("From logits", "From probabilities"):
        assert list(table[column]) == ["0.3711", "0.5996", "0.5996"]
    change(app, logit=-30.0)
    assert list(read_tables(app)[0].iloc[0, 2:]) == ["30.0000", "16.1181"]
    change(app, logits="1 2 3 4")
    change(app, label=3)
    change(app, logits="1 2")
    assert app.slider(key="lab_label").value == 1
    change(app, logits="1")
    assert app.error[0].value == "Expected at least 2 logits; got 1."


def test_one_sigmoid_output_equals_two_softmax_outputs(open_lab: Open) -> None:
    app = open_lab("Losses", "Sigmoid or softmax")
    assert "binary cross-entropy **0.3711**, categorical cross-entropy **0.3711**" in text_of(app)
    text = change(app, two_z0=-10.0, two_target=0)
    assert "binary cross-entropy **11.5**, categorical cross-entropy **11.5**" in text
