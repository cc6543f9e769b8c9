"""Recipe, input and hyperparameters of the calculator."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.architecture.layers import Shape
from core.recipe import Recipe
from core.recipes import RECIPES
from core.spec import BACKBONES, HEADS
from core.ui import url, widget
from core.ui.errors import callback
from core.ui.setting import choose_setting

_DEFAULT = "kmnist-heads"
_MAIN = ("blocks", "filters", "units", "hidden")
_OTHER = (
    "kernel_size", "padding", "strides", "pooling", "pool_size", "pool_stride", "pool_padding", "frozen",
    "trained_stages", "loss",
)  # fmt: skip
# URL names by hyperparameter
CALCULATOR_KEYS = {name: f"calculator_{name}" for name in ("backbone", *_MAIN, *_OTHER)}

url.register("calculator_recipe", "side", "channels", "classes", "dimensions", *CALCULATOR_KEYS.values())


@dataclass(frozen=True)
class CalculatorInput:
    """Selected recipe with the values of its hyperparameters, input shape and number of classes."""

    recipe: Recipe
    values: dict[str, Any]
    shape: Shape
    classes: int


def choose_calculator_input() -> CalculatorInput:
    """Show the widgets and return their values. A recipe sets all of them; a link contains what differs from it."""
    recipe = RECIPES[
        widget.selectbox("Recipe", list(RECIPES), _DEFAULT, key="calculator_recipe", on_change=_follow_recipe)
    ]
    st.caption(f"**{recipe.title}.** {recipe.question}")
    initial = recipe.find_initial(recipe.heads)
    columns = st.columns(3, gap="large")
    with columns[0]:
        side = widget.slider("Input size (pixels per side)", 8, 512, recipe.input_shape[0], key="side")
        channels = widget.slider(
            "Channels", 1, 4, recipe.input_shape[-1], key="channels", help="1 for grayscale, 3 for RGB."
        )
        classes = widget.slider("Classes", 2, 1000, recipe.classes, key="classes")
    with columns[1]:
        backbone = widget.selectbox(
            "Backbone",
            [name for name, found in BACKBONES.items() if "model" not in found.uses],  # counted by its own file
            initial.backbone,
            format_func=lambda name: BACKBONES[name].label,
            key=CALCULATOR_KEYS["backbone"],
        )
        used = {*BACKBONES[backbone].uses, *(name for head in HEADS.values() for name in head.uses), "loss"}
        values = {"backbone": backbone}
        values |= {name: _choose(name, initial) for name in ("blocks", "filters") if name in used}
    with columns[2]:
        values |= {name: _choose(name, initial) for name in ("units", "hidden")}
        dimensions = widget.segmented(
            "Dimensions", ["2D", "1D", "3D"], key="dimensions", help="Images, signals, volumes."
        )
    with st.expander("Convolution, pooling and loss", icon=":material/tune:"):
        cells = st.columns(3, gap="large")
        for index, name in enumerate(name for name in _OTHER if name in used):
            with cells[index % 3]:
                values[name] = _choose(name, initial)
    return CalculatorInput(recipe, values, (*(side,) * int(dimensions[0]), channels), classes)


def _choose(name: str, initial: Any) -> Any:
    return choose_setting(name, getattr(initial, name), key=CALCULATOR_KEYS[name])


@callback
def _follow_recipe() -> None:
    """Set all widgets to the values of the selected recipe, because a widget keeps its value under its key."""
    recipe = RECIPES[st.session_state["calculator_recipe"]]
    initial = recipe.find_initial(recipe.heads)
    values = {key: getattr(initial, name) for name, key in CALCULATOR_KEYS.items()}
    side, channels = recipe.input_shape[0], recipe.input_shape[-1]
    values |= {"side": side, "channels": channels, "classes": recipe.classes, "dimensions": "2D"}
    for key, value in values.items():
        if key in st.session_state:
            st.session_state[key] = value
