"""Receptive fields in closed form compared with a search through the layers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.displays.lab.formula import write_receptive_field
from core.displays.lab.receptive_field import draw_layers, draw_square
from core.errors import SpecError
from core.lab.convolution import Convolution
from core.lab.receptive_field import Field, SlidingLayer, list_sliding_layers, trace_fields, trace_unit
from core.recipes import RECIPES
from core.spec import BACKBONES

layer_lists = st.lists(
    st.builds(
        SlidingLayer,
        st.just("layer"),
        st.integers(1, 4),
        st.integers(1, 3),
        st.sampled_from(["valid", "same", "full"]),
        st.integers(1, 2),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(size=st.integers(1, 30), layers=layer_lists, data=st.data())
def test_receptive_field_equals_the_inputs_that_reach_a_unit(
    size: int, layers: list[SlidingLayer], data: st.DataObject
) -> None:
    try:
        fields = trace_fields(layers, size)
    except SpecError:
        with pytest.raises(SpecError, match=r"Expected at least \d+ values before layer; got \d+\. Use a larger input"):
            trace_fields(layers, size)
        return
    reached = np.eye(size)  # inputs that each unit depends on
    for layer, field in zip(layers, fields[1:], strict=True):
        rows = [
            Convolution.of(column, np.ones(layer.kernel), layer.padding, layer.stride, layer.dilation).output
            for column in reached.T
        ]
        reached = np.array(rows).T
        assert len(reached) == field.size
    unit = data.draw(st.integers(0, fields[-1].size - 1))
    first, last = fields[-1].interval(unit)
    inputs = np.flatnonzero(reached[unit])
    assert all(first <= index <= last for index in inputs)
    dense = all(layer.dilation == 1 and layer.stride <= layer.kernel for layer in layers)
    if dense and "full" not in {layer.padding for layer in layers}:
        assert (inputs[0], inputs[-1]) == (max(first, 0), min(last, size - 1))
    intervals = trace_unit(fields, unit)
    assert intervals[0] == (first, last)
    assert intervals[-1] == (unit, unit)
    assert draw_layers(fields, unit).startswith("<svg")
    picture = draw_square(np.zeros((size, size, 3), dtype=np.uint8), fields, unit, unit, 200)
    assert "-" not in picture.split('width="')[2].split('"')[0]


@pytest.mark.parametrize(
    ("recipe", "widths"), [("kmnist-heads", [3, 4, 8, 10]), ("mnist-heads", [5, 6, 14, 16]), ("transfer-heads", [212])]
)
def test_receptive_field_of_published_networks(recipe: str, widths: list[int]) -> None:
    fields = trace(recipe)
    assert [field.width for field in fields[1:]][-len(widths) :] == widths


@pytest.mark.parametrize("recipe", RECIPES)
def test_units_of_a_recipe_equal_the_shapes_of_its_layers(recipe: str) -> None:
    spec, shape = RECIPES[recipe].spec, RECIPES[recipe].input_shape
    sizes = []
    for layer in BACKBONES[spec.backbone].layers(spec):
        shape = layer.output_shape(shape)
        sizes.append(shape[0])
    assert trace(recipe)[-1].size == sizes[-1]


def test_formula_has_the_numbers_of_few_layers() -> None:
    assert write_receptive_field(trace("kmnist-heads")).endswith(
        r"&= 1 + 2 \cdot 1 + 1 \cdot 1 + 2 \cdot 2 + 1 \cdot 2 = 10 \end{aligned}"
    )
    assert write_receptive_field(trace("transfer-heads")).endswith(r"&= 212 \end{aligned}")


def trace(recipe: str) -> list[Field]:
    spec = RECIPES[recipe].spec
    shape = RECIPES[recipe].input_shape
    return trace_fields(list_sliding_layers(BACKBONES[spec.backbone].layers(spec), shape), shape[0])
