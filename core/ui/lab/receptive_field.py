"""Receptive field: the part of the input that one unit of a deep layer depends on."""

import streamlit as st

from core.displays.lab.formula import write_receptive_field
from core.displays.lab.receptive_field import draw_layers, draw_square
from core.displays.markdown import escape_markdown
from core.lab.convolution import Padding
from core.lab.receptive_field import Field, SlidingLayer, list_sliding_layers, trace_fields
from core.recipes import RECIPES
from core.spec import BACKBONES
from core.ui import url, widget
from core.ui.lab.drawing import show_drawing, show_drawings
from core.ui.lab.inputs import CUSTOM, limit_state, load_square

url.register(
    *(f"lab_field_{name}" for name in ("network", "n", "blocks", "convs", "m", "s", "d", "padding", "pool")),
    *(f"lab_field_{name}" for name in ("layer", "row", "column")),
)

_PHOTO, _DRAWN = "flower", 300


def show_receptive_field() -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        network = widget.selectbox("Network", [CUSTOM, *RECIPES], key="lab_field_network")
        layers, size = _choose_layers() if network == CUSTOM else _read_recipe(network)
        fields = trace_fields(layers, size)
        limit_state("lab_field_layer", len(layers))
        depth = widget.slider("Layer", 1, len(layers), len(layers), key="lab_field_layer") if len(layers) > 1 else 1
        fields = fields[: depth + 1]
        row, column = _choose_unit("Row", fields[-1]), _choose_unit("Column", fields[-1])
    deepest = fields[-1]
    with right:
        first, last = deepest.interval(column)
        padded = " Part of it is padding." if first < 0 or last >= size else ""
        st.markdown(
            f"A unit of layer {depth:d} ({escape_markdown(deepest.name)}) depends on "
            f"**{deepest.width:d} × {deepest.width:d}** of {size:d} × {size:d} input pixels.{padded} "
            f"Distance between neighboring units: {deepest.jump:d}."
        )
        st.latex(write_receptive_field(fields))
        show_drawing("fields", draw_layers(fields, column))
        photo = load_square(_PHOTO, size)
        show_drawings("field-image", [("On the input image", draw_square(photo, fields, row, column, _DRAWN))])
        st.caption(
            "Orange: the units and pixels that the selected unit depends on. Blue: receptive fields of earlier layers. "
            "Numbers: receptive field in pixels. m: kernel size, with dilation; s: stride. Source: "
            "[Araujo, Norris & Sim 2019]"
            "(https://distill.pub/2019/computing-receptive-fields/)."
        )


def _choose_layers() -> tuple[list[SlidingLayer], int]:
    """Return the layers of a network of equal blocks, and the size of its input."""
    size = widget.slider("Input size", 8, 128, 28, key="lab_field_n")
    blocks = widget.slider("Blocks", 1, 5, 2, key="lab_field_blocks")
    count = widget.slider("Convolutions per block", 1, 3, 1, key="lab_field_convs")
    kernel = widget.slider("Kernel size m", 1, 7, 3, key="lab_field_m")
    stride = widget.slider("Stride of the convolutions", 1, 3, 1, key="lab_field_s")
    dilation = widget.slider("Dilation", 1, 3, 1, key="lab_field_d")
    modes: list[Padding] = ["valid", "same"]
    padding = widget.segmented("Padding", modes, key="lab_field_padding")
    window = widget.slider("Pooling window (1: no pooling)", 1, 3, 2, key="lab_field_pool")
    convolution = SlidingLayer(f"conv {kernel}×{kernel}", kernel, stride, padding, dilation)
    pooling = [SlidingLayer(f"pool {window}×{window}", window, window)] if window > 1 else []
    return ([convolution] * count + pooling) * blocks, size


def _read_recipe(name: str) -> tuple[list[SlidingLayer], int]:
    recipe = RECIPES[name]
    items = BACKBONES[recipe.spec.backbone].layers(recipe.spec)
    return list_sliding_layers(items, recipe.input_shape), recipe.input_shape[0]


def _choose_unit(label: str, field: Field) -> int:
    key = f"lab_field_{label.lower()}"
    if field.size == 1:
        return 0
    limit_state(key, field.size - 1)
    return widget.slider(f"{label} of the unit", 0, field.size - 1, field.size // 2, key=key)
