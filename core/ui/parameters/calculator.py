"""Calculator of parameters and FLOPs per head for any input shape."""

import pandas as pd
import streamlit as st

from core.architecture.layers import Shape
from core.architecture.model import Model, compute_model
from core.displays.cost_format import FLOPS_HELP
from core.displays.markdown import escape_markdown
from core.displays.number import format_count, format_short
from core.displays.palette import head_colors
from core.displays.parameter_growth import build_growth_chart, compute_growth, describe_growth
from core.displays.views.layers import build_params_chart, compute_layer_frame
from core.errors import SpecError
from core.home import describe_error
from core.spec import BACKBONES, HEADS, RunSpec
from core.ui import url, widget
from core.ui.display import draw_chart, show_frame
from core.ui.errors import handle_errors
from core.ui.parameters.layer_table import show_layer_table
from core.ui.setting import choose_setting

url.register(
    "side",
    "channels",
    "classes",
    "layers_of",
    "calculator_blocks",
    "calculator_filters",
    "calculator_units",
    "dimensions",
    "calculator_backbone",
)


@st.cache_resource(show_spinner=False, max_entries=256)
def _draw(models: dict[str, tuple[RunSpec, Shape, int]]) -> None:
    """Draw the parameters per head. Streamlit replays the cached chart for the same models."""
    built = {label: compute_model(*model) for label, model in models.items()}
    frame = pd.concat([compute_layer_frame(model).assign(head=label) for label, model in built.items()])
    description = "Parameters per head: " + "; ".join(f"{label} {model.params:,}" for label, model in built.items())
    draw_chart(build_params_chart(frame, head_colors()), description)


@st.cache_resource(show_spinner=False, max_entries=256)
def _draw_growth(spec: RunSpec, shape: Shape, classes: int) -> None:
    """Draw the parameters of each head by input size, with the current input size marked."""
    frame = compute_growth(spec, shape, classes)
    draw_chart(build_growth_chart(frame, head_colors(), shape[0]), describe_growth(frame))


@st.fragment
def show_calculator() -> None:
    with handle_errors():
        _show_calculator()


def _show_calculator() -> None:
    st.header("Calculator", anchor=False)
    st.write(
        "Parameters and FLOPs of each head for another input shape or backbone. The counts are exact; nothing is "
        f"trained. {FLOPS_HELP}"
    )
    defaults = RunSpec()
    columns = st.columns(3, gap="large")
    with columns[0]:
        side = widget.slider("Input size (pixels per side)", 8, 512, 28, key="side")
        channels = widget.slider("Channels", 1, 4, 1, key="channels", help="1 for grayscale, 3 for RGB.")
    with columns[1]:
        backbone = widget.selectbox(
            "Backbone", list(BACKBONES), format_func=lambda name: BACKBONES[name].label, key="calculator_backbone"
        )
        blocks = choose_setting("blocks", defaults.blocks, key="calculator_blocks")
        filters = choose_setting("filters", defaults.filters, key="calculator_filters")
    with columns[2]:
        units = choose_setting("units", defaults.units, key="calculator_units")
        classes = widget.slider("Classes", 2, 1000, 10, key="classes")
        dimensions = widget.segmented(
            "Dimensions", ["2D", "1D", "3D"], key="dimensions", help="Images, signals, volumes."
        )
    shape = (*(side,) * int(dimensions[0]), channels)
    changes = {"backbone": backbone, "blocks": blocks, "filters": filters, "units": units}
    try:
        models = {
            head.label: compute_model(defaults.replace(**changes, head=name), shape, classes)
            for name, head in HEADS.items()
        }
    except SpecError as error:
        st.warning(escape_markdown(describe_error(error)))
        return
    chart, table, growth, layers = st.tabs(["Parameters", "Table", "Head parameters by input size", "Layers"])
    with chart:
        _draw({label: (model.spec, shape, classes) for label, model in models.items()})
    with table:
        _show_table(models)
    with growth:
        _draw_growth(defaults.replace(**changes), shape, classes)
    with layers:
        head = widget.selectbox(
            "Layers of head", list(HEADS), key="layers_of", format_func=lambda name: HEADS[name].label
        )
        show_layer_table(models[HEADS[head].label])


def _show_table(models: dict[str, Model]) -> None:
    smallest = min(model.params for model in models.values())
    table = pd.DataFrame(
        {
            "Head": label,
            "Parameters": format_count(model.params),
            "Head parameters": format_count(sum(row.params for row in model.rows if row.part == "head")),
            "Relative to smallest": f"{model.params / smallest:.1f}×",
            "FLOPs per image": format_short(model.flops),
        }
        for label, model in models.items()
    )
    show_frame(table)
