"""The Parameters page: the calculator and the growth of heads."""

import json
from itertools import product

from streamlit.testing.v1 import AppTest

from core.architecture.model import compute_model
from core.architecture.recipe_model import compute_recipe_model
from core.recipes import RECIPES
from core.spec import BACKBONES, HEADS, SETTINGS, RunSpec
from core.ui.parameters.calculator_settings import CALCULATOR_KEYS
from tests.support.page import Open, read_tables
from tests.support.paths import ROOT

# The calculator


def totals(app: AppTest) -> dict[str, str]:
    table = next(table for table in read_tables(app) if "Head parameters" in table.columns)
    return dict(zip(table["Head"], table["Parameters"], strict=True))


def test_calculator_starts_with_the_published_totals(open_page: Open) -> None:
    found = totals(open_page("parameters"))
    assert (found["GAP"], found["Flatten + Dense"]) == ("24,586", "431,242")
    assert list(found) == [head.label for head in HEADS.values()]


def test_calculator_follows_its_sliders(open_page: Open) -> None:
    app = open_page("parameters")
    app.slider(key="side").set_value(64).run()
    found = totals(app)
    assert found["GAP"] == "24,586"
    assert found["Flatten + Dense"] == f"{320 + 18_496 + (14 * 14 * 64 + 1) * 256 + 2_570:,}"


def test_calculator_reports_when_the_maps_vanish(open_page: Open) -> None:
    app = open_page("parameters", side="8")
    app.slider(key="calculator_blocks").set_value(5).run()
    assert "Use fewer blocks or images larger than 8 × 8 × 1." in app.warning[0].value


COUNTS = ("Parameters", "Trainable", "Non-trainable")


def test_calculator_has_the_exact_counts_of_every_recipe(open_page: Open) -> None:
    app = open_page("parameters")
    for name, recipe in RECIPES.items():
        app.selectbox(key="calculator_recipe").set_value(name).run()
        assert not [*app.error, *app.exception]
        table = next(table for table in read_tables(app) if "Head parameters" in table.columns).set_index("Head")
        for head in recipe.heads:
            model = compute_recipe_model(recipe, head)
            counts = (model.params, model.trainable, model.non_trainable)
            assert tuple(table.loc[HEADS[head].label, COUNTS]) == tuple(f"{count:,}" for count in counts), (name, head)


def test_calculator_offers_every_setting_that_changes_counts() -> None:
    """For each setting of backbone, head and loss: either a widget, or no value changes a count of any model."""
    plain = {"filters": 4, "units": 8, "hidden": "4-3"}
    fresh = [name for name, backbone in BACKBONES.items() if not backbone.weights and name != "model"]
    pairs = [*product(fresh, HEADS), *((name, "gap_dense") for name in BACKBONES if name not in {*fresh, "model"})]
    for name, setting in SETTINGS.items():
        if name in CALCULATOR_KEYS or name in ("head", "dataset", "attribute", "folder", "data"):
            continue
        values = [setting.low, setting.high] if setting.low is not None else [*setting.choices] or [True]
        for backbone, head in pairs:
            spec = RunSpec().replace(**plain, backbone=backbone, head=head)
            for value in values:
                try:
                    changed = RunSpec.model_construct(**{**spec.model_dump(), name: setting.kind(value)})
                except ValueError:
                    continue
                models = [compute_model(each, (80, 80, 3), 3) for each in (spec, changed)]
                assert models[0].params == models[1].params, (name, value)


def test_calculator_reproduces_the_shapes_of_the_sources(open_page: Open) -> None:
    """300×300 pixels end as 5×5 after six poolings that round up, 224×224 as 7×7 with VGG16; (220, 220, 30) is pooled
    to (1, 1, 30); 7×7×32 flattens to 1,568 values."""
    cases = [
        ({"calculator_blocks": "6", "side": "300", "calculator_padding": "same", "calculator_pool_padding": "same",
          "calculator_filters": "1"}, "5 × 5 × 32"),
        ({"calculator_recipe": "transfer-heads"}, "7 × 7 × 512"),
        ({"calculator_backbone": "conv_tail", "calculator_blocks": "1", "calculator_filters": "30", "side": "220"},
         "220 × 220 × 30 (global pooling: 1 × 1 × 30"),
        ({"calculator_filters": "16", "calculator_padding": "same"}, "7 × 7 × 32 (global pooling: 1 × 1 × 32; "
         "Flatten: 1,568 values)"),
    ]  # fmt: skip
    for link, maps in cases:
        app = open_page("parameters", **link)
        assert not [*app.error, *app.warning, *app.exception]
        assert any(maps in caption.value for caption in app.caption), maps


def test_calculator_reads_hidden_widths_as_text(open_page: Open) -> None:
    app = open_page("parameters", calculator_recipe="transfer-mobilenet-heads")
    assert app.text_input(key="calculator_hidden").value == "1024-1024-512"
    app.text_input(key="calculator_hidden").set_value("8").run()
    mlp = 3_228_864 + (1024 + 1) * 8 + (8 + 1) * 3
    assert totals(app)["GAP + MLP"] == f"{mlp:,}"
    app.text_input(key="calculator_hidden").set_value("8-x").run()
    assert "Expected hidden to be" in "".join(element.value for element in [*app.warning, *app.error])


# Train


def test_growth_chart_marks_the_input_of_the_calculator(open_page: Open) -> None:
    app = open_page("parameters", side="224", dimensions="1D")
    assert not [*app.error, *app.exception]
    assert "Head parameters by input size" in [tab.label for tab in app.tabs]


# The upload


def test_uploaded_model_is_counted_and_a_hostile_one_refused(open_page: Open) -> None:
    app = open_page("parameters")
    files = ROOT / "tests/support/keras_files"
    for name in ("keras-2.15.0-nested.config.json", "keras-3.1.1-chain.keras"):
        app.file_uploader[0].set_value((name, (files / name).read_bytes(), "application/octet-stream")).run()
        expected = json.loads((files / f"{name.split('.config')[0].removesuffix('.keras')}.json").read_text())
        values = {metric.label: metric.value for metric in app.metric}
        assert values["Parameters"] == f"{expected['total']:,}"
        assert values["Trainable"] == f"{expected['trainable']:,}"
    assert any("[model]" in caption.value or "chain: 1 input" in caption.value for caption in app.caption)
    app.file_uploader[0].set_value(("[a](b).json", b'{"class_name": "My*Model", "config": {}}', "text/plain")).run()
    assert "got a model of class 'My\\*Model'" in app.error[-1].value
    assert not app.exception
