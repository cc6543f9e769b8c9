"""Architecture diagram: every layer and parameter once, areas to scale, texts next to the squares, valid SVG."""

from dataclasses import replace
from typing import Any

import pytest

from core.architecture.model import Model, compute_model
from core.architecture.step import list_steps
from core.displays.architecture_diagram import (
    build_architecture_chart,
    describe_architectures,
    group_architectures,
    list_step_rows,
)
from core.displays.encoding import PANEL_PIXELS
from core.displays.palette import head_colors
from core.displays.views import architecture
from core.displays.views.architecture import ArchitectureView
from core.recipes import RECIPES
from core.reports.chart_image import draw_svg
from core.reports.document import Figure
from core.spec import HEADS
from core.store.comparison import Comparison
from tests.support.chart_text import list_layout_faults, measure
from tests.support.run_writer import RunWriter

PHONE_PIXELS = 358  # 390 without the margins of a page
BESIDE = 200  # pixels: squares are to the right
DRAWN = ("celeba-heads", "transfer-mobilenet-heads")


def models_of(name: str) -> dict[str, Model]:
    recipe = RECIPES[name]
    return {
        HEADS[head].label: compute_model(recipe.spec_of(head), recipe.input_shape, recipe.classes)
        for head in recipe.heads
    }


def spec_of(models: dict[str, Model]) -> dict[str, Any]:
    return build_architecture_chart(group_architectures(models), head_colors()).to_dict(validate=False)


def list_marks(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [layer["mark"] for panel in spec["concat"] for layer in panel["layer"]]


def list_rows(spec: dict[str, Any], mark: str, filled: bool = True) -> list[list[dict[str, Any]]]:
    """Return the data of the marks of each panel."""
    return [
        [
            row
            for layer in panel["layer"]
            if layer["mark"]["type"] == mark and layer["mark"].get("filled", True) is filled
            for row in spec["datasets"][layer["data"]["name"]]
        ]
        for panel in spec["concat"]
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_steps_contain_every_layer_and_parameter_once(name: str) -> None:
    for model in models_of(name).values():
        for part in ("backbone", "head"):
            rows = [row for row in model.rows if row.part == part]
            steps = list_steps(model, part)
            assert [layer for step in steps for layer in step.layers] == [row.name for row in rows]
            assert sum(step.trainable for step in steps) == sum(row.trainable for row in rows)
            assert sum(step.non_trainable for step in steps) == sum(row.non_trainable for row in rows)
            assert steps[-1].shape == rows[-1].output_shape
        assert len(list_steps(model, "backbone")) <= 9


def test_deep_backbones_are_blocks_that_end_where_the_maps_get_smaller() -> None:
    for name, sides in (("transfer-heads", [112, 56, 28, 14, 7]), ("transfer-mobilenet-heads", [112, 56, 28, 14, 7])):
        steps = list_steps(next(iter(models_of(name).values())), "backbone")
        assert [step.shape[0] for step in steps] == sides
        assert [step.title for step in steps] == [f"Block {number}" for number in range(1, 6)]


def test_parameters_are_areas_next_to_their_texts_in_every_recipe() -> None:
    figures = []
    for name in RECIPES:
        spec = spec_of(models_of(name))
        if name in DRAWN:
            figures.append(Figure(id=name, display="architecture", title="", chart=spec))
        assert spec["usermeta"][PANEL_PIXELS] <= PHONE_PIXELS
        assert {mark["fontSize"] for mark in list_marks(spec) if mark["type"] == "text"} == {12}
        panels = zip(
            list_rows(spec, "rect"), list_rows(spec, "rect", filled=False), list_rows(spec, "text"), strict=True
        )
        scales = set()
        for filled, dashed, texts in panels:
            for square in (row for row in (*filled, *dashed) if row["x"] > BESIDE):
                width = square["x2"] - square["x"]
                if width > 4:  # smaller ones have the least size
                    scales.add(round(width**2 / (square["trainable"] + square["non_trainable"]), 8))
                for text in texts:
                    beside = text["x"] + measure(text["text"], 12, text["bold"]) <= square["x"]
                    assert beside or not square["y"] - 5 < text["y"] < square["y2"] + 5, (name, text, square)
        assert len(scales) == 1
    drawn = draw_svg(figures)
    assert {name: [*list_layout_faults(svg)] for name, svg in drawn.images.items()} == {name: [] for name in DRAWN}


def test_diagram_is_the_same_each_time() -> None:
    assert spec_of(models_of("kmnist-heads")) == spec_of(models_of("kmnist-heads"))


def test_frozen_parameters_are_dashed_outlines() -> None:
    spec = spec_of(models_of("transfer-heads"))
    filled, dashed = list_rows(spec, "rect"), list_rows(spec, "rect", filled=False)
    assert all(row["non_trainable"] for row in dashed[0] if row["x"] > BESIDE)
    assert [row for row in filled[0] if row["x"] > BESIDE] == []
    assert sum(row["x"] > BESIDE for row in dashed[0]) == 5
    assert sum("frozen" in row["text"] for row in list_rows(spec, "text")[0]) == 5


def test_legend_is_true_of_trained_frozen_and_unchanged_models() -> None:
    frozen = models_of("transfer-heads")
    fixed = {
        label: replace(model, rows=tuple(replace(row, trainable=0, non_trainable=row.params) for row in model.rows))
        for label, model in frozen.items()
    }
    for models in (models_of("digits-heads"), frozen, fixed):
        spec = spec_of(models)
        texts = [row["text"] for panel in list_rows(spec, "text") for row in panel]
        assert "Filled square: trainable. Dashed: not trainable." in texts  # boxes are filled whether trained or not
        assert not [text for text in texts if "trained" in text]  # a model that is only evaluated is trainable too
        for filled, name in ((True, "trainable"), (False, "non_trainable")):
            rows = [row for panel in list_rows(spec, "rect", filled) for row in panel if row["x"] > BESIDE]
            assert all(row[name] for row in rows)


def test_diagram_shares_a_backbone_and_draws_equal_models_once() -> None:
    spec = RECIPES["kmnist-heads"].spec
    models = {
        f"{head} {blocks} {rate}": compute_model(
            spec.replace(head=head, blocks=blocks, learning_rate=rate), (28, 28, 1), 10
        )
        for head in ("gap", "dense")
        for blocks in (1, 2)
        for rate in (0.001, 0.01)
    }
    groups = group_architectures(models)
    assert [[*group.heads] for group in groups] == [["gap 1 0.001", "dense 1 0.001"], ["gap 2 0.001", "dense 2 0.001"]]
    frame = list_step_rows(groups)
    parts = frame.groupby(["backbone", "head"])["trainable"].sum()
    assert parts[2, ""] + parts[2, "dense 2 0.001"] == 431_242
    assert "Backbone 2 has 18,816 parameters" in describe_architectures(groups)


def test_diagram_of_many_variants_shows_the_first_ones_and_says_so(
    make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    display = ArchitectureView(Comparison.of([make_run(head=head) for head in ("gap", "dense")]))
    assert "Only the first" not in display.describe()
    monkeypatch.setattr(architecture, "MAX_DRAWN", 1)
    assert display.describe().endswith("Only the first 1 of 2 variants are shown.")
    assert "Flatten + Dense" not in display.describe()
    chart = display.chart()
    assert chart is not None
    assert len(chart.concat) == 2  # the backbone and one head
    assert {"GAP", "Flatten + Dense"} <= set(display.frame()["head"])
