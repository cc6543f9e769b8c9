"""Links to the Lab page in Streamlit's test runner: every section, with valid and invalid values."""

import re

import pytest

from core.ui import url
from core.ui.lab.topic import TOPICS
from tests.support.page import Open, read_tables

SECTIONS = [(topic, section) for topic, sections in TOPICS.items() for section in sections]


def test_unknown_topic_or_section_is_reported_and_the_first_is_open(open_lab: Open) -> None:
    app = open_lab("Soup", soup="1")
    assert app.segmented_control(key="lab_topic").value == "1D convolution"
    unknown, topic = sorted(warning.value for warning in app.warning)[::-1]
    assert unknown == 'Unknown link parameter "lab_soup" was ignored.'
    assert topic.startswith("Expected lab_topic to be one of '1d-convolution'")
    assert topic.endswith("got 'Soup'.")
    app = open_lab("Losses", "Soup")
    assert app.segmented_control(key="lab_losses_section").value == "Cross-entropy"
    assert [warning.value for warning in app.warning] == [
        "Expected lab_losses_section to be one of 'Cross-entropy', 'sigmoid-or-softmax'; got 'Soup'."
    ]


def test_only_the_selected_section_runs_and_former_names_work(open_lab: Open) -> None:
    app = open_lab("Losses")
    assert [table.columns[0] for table in read_tables(app)] == ["Cross-entropy"]
    assert "lab_x" not in app.session_state
    assert "lab_two_z0" not in app.session_state
    app = open_lab("Output size", n="12")
    assert app.segmented_control(key="lab_topic").value == "Padding"
    assert app.slider(key="lab_n").value == 12
    assert not app.warning
    for topic, name, section in (
        ("Channels", "cost_n", "Parameters"),
        ("Regularization", "dropout_seed", "Dropout"),
        ("Pooling", "pool_seed", "Local invariance"),
    ):
        app = open_lab(topic, **{name: "7"})
        assert app.segmented_control(key=f"lab_{topic.lower()}_section").value == section
        assert app.slider(key=f"lab_{name}").value == 7


LONG = "1 " * 5000
SLIDING = {"padding": "soup", "p": "9", "s": "0", "d": "x", "operation": "soup", "step": "9999"}
POOLING = {"pool_image": "flower", "pool_window": "7", "pool_stride": "0", "pool_axes": "maybe"}
AXES = {"2d_axes": "true", "2d_p2": "9", "2d_s2": "0", "2d_d2": "5"}
INVALID: dict[tuple[str, str], list[dict[str, str]]] = {
    ("1D convolution", ""): [
        {"signal": "soup", "kernel1": "soup", **{f"1d_{name}": value for name, value in SLIDING.items()}},
        {"x": LONG, "w": LONG},
    ],
    ("2D convolution", ""): [
        {"2d_image": "soup", "kernel2": "", **{f"2d_{name}": value for name, value in SLIDING.items()}},
        {"2d_image": "handwritten digit", "2d_scan": "1797", "2d_axes": "true", "2d_p2": "9", "2d_s2": "0",
         "2d_d2": "5"},
        {"2d_x": LONG, "w2": LONG, "2d_axes": "soup"},
    ],
    ("Padding", "Output size"): [{"n": "65", "m": "0", "p": "-1", "s": "1.5", "d": "nan"}],
    ("Padding", "Input use"): [{"use_n": "17", "use_m": "0", "use_s": "-1", "use_d": "1.5"}],
    ("Pooling", "2D"): [
        {**POOLING, "pool_step": ""},
        {
            "pool_image": "handwritten digit", "pool_scan": "x", "pool_axes": "true", "pool_window2": "9",
            "pool_stride2": "0",
        },
        {"pool_x": LONG},
    ],
    ("Pooling", "1D"): [{"pool1_x": LONG, "pool1_window": "7", "pool1_stride": "0", "pool1_step": "9"}],
    ("Pooling", "Local invariance"): [{**POOLING, "pool_seed": "21"}],
    ("Pooling", "Strided convolution"): [{"pool_weights": LONG}],
    ("Pooling", "Global pooling"): [{"pool_image": "soup"}],
    ("Channels", "Sum over channels"): [
        {
            "channel_photo": "soup", "channel_red": "box blur 5 × 5", "channel_green": "", "channel_blue": "soup",
            "channel_bias": "101",
        }
    ],
    ("Channels", "Several output maps"): [
        {"maps_photo": "soup", "maps_k": "9", "maps_relu": "1", "maps_window": "0", "maps_pooling": "median"}
    ],
    ("Channels", "Parameters"): [{"cost_n": "3", "cost_c": "x", "cost_k": "1e9", "cost_m": "inf"}],
    ("Channels", "Connectivity"): [{"link_n": "11", "link_m": "0", "link_padding": "full", "link_unit": "6"}],
    ("Channels", "Memory order"): [{"order_row": "3", "order_column": "-1", "order_channel": "violet"}],
    ("Receptive field", ""): [
        {
            "field_n": "7", "field_blocks": "6", "field_convs": "0", "field_m": "8", "field_s": "x", "field_d": "0",
            "field_padding": "full", "field_pool": "4", "field_layer": "5", "field_row": "-1", "field_column": "5",
            "field_network": "soup",
        }
    ],
    ("Fast algorithms", ""): [{"fast_n": "3", "fast_m": "16", "fast_c": "0", "fast_k": "x", "fast_s": "257"}],
    ("Image files", ""): [
        {"array_photo": "soup", "array_plane": "violet", "array_row": "420", "array_column": "-1"}
    ],
    ("Regularization", "L1 and L2"): [{"l2_strength": "2.5", "l2_best": "nan", "l2_w": LONG}],
    ("Regularization", "Dropout"): [{"dropout_rate": "1", "dropout_seed": "0.5", "dropout_x": LONG}],
    ("Regularization", "Ensemble"): [
        {"models_h": "9", "models_rate": "1", "models_relu": "x", "models_seed": "0"}
    ],
    ("Losses", "Cross-entropy"): [{"logit": "41", "target": "2", "label": "3", "logits": LONG}],
    ("Losses", "Sigmoid or softmax"): [{"two_z0": "11", "two_z1": "nan", "two_target": "2"}],
}  # fmt: skip
VALID = {"handwritten digit", "true"}


@pytest.mark.parametrize(("topic", "section"), SECTIONS)
def test_section_opens_from_its_link_and_reports_invalid_values(open_lab: Open, topic: str, section: str) -> None:
    for params in INVALID[topic, section]:
        app = open_lab(topic, section, **params)
        assert app.title[0].value == "Convolution lab"
        assert app.segmented_control(key="lab_topic").value == topic
        if section:
            assert app.segmented_control(key=f"lab_{topic.lower()}_section").value == section
        wrong = {name: value for name, value in params.items() if value not in VALID}
        shown = sorted(warning.value for warning in app.warning)
        assert len(shown) == len(wrong), shown
        for name, value in wrong.items():
            message = rf"Expected lab_{name} .*; got {re.escape(repr(value[:60]))}\."
            assert [one for one in shown if re.fullmatch(message, one)], (name, shown)
            assert f"lab_{name}" not in app.query_params
        assert not app.error
        assert not [*app.run().warning, *app.error]  # shown only once


def test_every_setting_of_the_lab_is_tested_with_invalid_values() -> None:
    url.is_registered("unknown")  # imports every module that registers names
    tried = {name for tests in INVALID.values() for params in tests for name in params} | {"topic"}
    tried |= {f"{topic.lower()}_section" for topic, sections in TOPICS.items() if len(sections) > 1}
    assert {f"lab_{name}" for name in tried} == {name for name in url._names if name.startswith("lab_")}
