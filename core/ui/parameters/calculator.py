"""Calculator of parameters and FLOPs per head for any input shape."""

from math import prod

import pandas as pd
import streamlit as st

from core.architecture.layers import Shape
from core.architecture.model import Model, compute_model
from core.architecture.recipe_model import compute_head_models
from core.displays.cost_format import FLOPS_HELP
from core.displays.markdown import escape_markdown
from core.displays.number import format_count, format_short
from core.displays.palette import head_colors
from core.displays.parameter_growth import build_growth_chart, compute_growth, describe_growth
from core.displays.views.layers import build_params_chart, compute_layer_frame
from core.spec import HEADS, RunSpec
from core.ui import url, widget
from core.ui.display import draw_chart, show_frame
from core.ui.errors import handle_errors
from core.ui.parameters.calculator_settings import choose_calculator_input
from core.ui.parameters.layer_table import show_layer_table

url.register("layers_of")


@st.cache_resource(show_spinner=False, max_entries=256)
def _draw(models: dict[str, tuple[RunSpec, Shape, int]]) -> None:
    """Draw the parameters per head. Streamlit replays the cached chart for the same models."""
    built = {label: compute_model(*model) for label, model in models.items()}
    frame = pd.concat([compute_layer_frame(model).assign(head=label) for label, model in built.items()])
    description = "Parameters per head: " + "; ".join(f"{label} {model.params:,}" for label, model in built.items())
    draw_chart(build_params_chart(frame, head_colors()), description)


@st.cache_resource(show_spinner=False, max_entries=256)
def _draw_growth(specs: dict[str, RunSpec], shape: Shape, classes: int) -> None:
    """Draw the parameters of each head by input size, with the current input size marked."""
    frame = compute_growth(specs, shape, classes)
    draw_chart(build_growth_chart(frame, head_colors(), shape[0]), describe_growth(frame))


@st.fragment
def show_calculator() -> None:
    with handle_errors():
        _show_calculator()


def _show_calculator() -> None:
    st.header("Calculator", anchor=False)
    st.write(
        "Parameters and FLOPs of each head of a recipe, or for another input shape, backbone or pooling. The counts "
        f"are exact; nothing is trained. {FLOPS_HELP}"
    )
    given = choose_calculator_input()
    models, problems = compute_head_models(given.recipe, given.values, given.shape, given.classes)
    for problem, heads in _group(problems).items():
        show = st.caption if models else st.warning
        show(escape_markdown(f"{', '.join(heads)}: {problem}" if models else problem))
    if not models:
        return
    labels = {name: HEADS[name].label for name in models}
    chart, table, growth, layers = st.tabs(["Parameters", "Table", "Head parameters by input size", "Layers"])
    with chart:
        _draw({labels[name]: (model.spec, given.shape, given.classes) for name, model in models.items()})
        st.caption(_describe_maps(models))
    with table:
        _show_table(models)
    with growth:
        _draw_growth({name: model.spec for name, model in models.items()}, given.shape, given.classes)
    with layers:
        head = widget.selectbox("Layers of head", list(models), key="layers_of", format_func=labels.__getitem__)
        show_layer_table(models[head])


def _show_table(models: dict[str, Model]) -> None:
    smallest = min(model.params for model in models.values())
    table = pd.DataFrame(
        {
            "Head": HEADS[name].label,
            "Parameters": format_count(model.params),
            "Trainable": format_count(model.trainable),
            "Non-trainable": format_count(model.non_trainable),
            "Head parameters": format_count(sum(row.params for row in model.rows if row.part == "head")),
            "Relative to smallest": f"{model.params / smallest:.1f}×",
            "FLOPs per image": format_short(model.flops),
        }
        for name, model in models.items()
    )
    show_frame(table)


def _group(problems: dict[str, str]) -> dict[str, list[str]]:
    """Return the labels of the heads by error message."""
    groups: dict[str, list[str]] = {}
    for head, problem in problems.items():
        groups.setdefault(problem, []).append(HEADS[head].label)
    return groups


def _describe_maps(models: dict[str, Model]) -> str:
    """Describe the feature maps that the heads receive and what global pooling and Flatten make of them."""
    texts: dict[str, list[str]] = {}
    for name, model in models.items():
        maps = [row.output_shape for row in model.rows if row.part == "backbone"][-1]
        shape, pooled = " × ".join(map(str, maps)), " × ".join(["1"] * (len(maps) - 1) + [str(maps[-1])])
        text = f"{shape} (global pooling: {pooled}; Flatten: {prod(maps):,} values)"
        texts.setdefault(text, []).append(HEADS[name].label)
    (common, _), *others = sorted(texts.items(), key=lambda item: -len(item[1]))
    return f"Feature maps after the backbone: {common}." + "".join(
        f" {', '.join(heads)}: {text}." for text, heads in others
    )
