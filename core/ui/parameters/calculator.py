"""The calculator: what every head would cost on another input, answered in closed form."""

import pandas as pd
import streamlit as st

from core.architecture.layers import Shape
from core.architecture.model import compute_model
from core.displays.number import format_count, format_short
from core.displays.palette import head_colors
from core.displays.parameter_growth import build_growth_chart, compute_growth, describe_growth
from core.displays.views.layers import build_params_chart, compute_layer_frame
from core.errors import SpecError
from core.spec import BACKBONES, HEADS, RunSpec
from core.ui import url, widget
from core.ui.display import show_frame
from core.ui.errors import handle_errors
from core.ui.parameters.layer_table import show_layer_table
from core.ui.setting import ask

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
    """The bars of some models; drawn once for the same ones, then Streamlit plays the finished picture again."""
    built = {label: compute_model(*model) for label, model in models.items()}
    frame = pd.concat([compute_layer_frame(model).assign(head=label) for label, model in built.items()])
    alt = "Parameters by head: " + "; ".join(f"{label} {model.params:,}" for label, model in built.items())
    st.altair_chart(build_params_chart(frame, head_colors()), width="stretch", alt=alt)


@st.cache_resource(show_spinner=False, max_entries=256)
def _draw_growth(spec: RunSpec, shape: Shape, classes: int) -> None:
    """How each head grows with the side of the input, and where the calculator stands."""
    frame = compute_growth(spec, shape, classes)
    st.altair_chart(build_growth_chart(frame, head_colors(), shape[0]), width="stretch", alt=describe_growth(frame))


@st.fragment
def show_calculator() -> None:
    with handle_errors():
        _show_calculator()


def _show_calculator() -> None:
    st.header("Calculator", anchor=False)
    st.write(
        "What would each head cost on other images, or on another backbone? Nothing is trained: the counts are exact."
    )
    rest = RunSpec()
    columns = st.columns(3, gap="large")
    with columns[0]:
        side = widget.slider("Input side (pixels)", 8, 512, 28, key="side")
        channels = widget.slider("Channels", 1, 4, 1, key="channels", help="1 for grey, 3 for RGB.")
    with columns[1]:
        backbone = widget.selectbox(
            "Backbone", list(BACKBONES), write=lambda name: BACKBONES[name].label, key="calculator_backbone"
        )
        blocks = ask("blocks", rest.blocks, key="calculator_blocks")
        filters = ask("filters", rest.filters, key="calculator_filters")
    with columns[2]:
        units = ask("units", rest.units, key="calculator_units")
        classes = widget.slider("Classes", 2, 1000, 10, key="classes")
        dimensions = widget.segmented(
            "Dimensions", ["2D", "1D", "3D"], key="dimensions", help="Images, signals, volumes."
        )
    shape = (*(side,) * int(dimensions[0]), channels)
    changes = {"backbone": backbone, "blocks": blocks, "filters": filters, "units": units}
    try:
        models = {
            head.label: compute_model(rest.replace(**changes, head=name), shape, classes)
            for name, head in HEADS.items()
        }
    except SpecError as error:
        st.warning(str(error))
        return
    _draw({label: (model.spec, shape, classes) for label, model in models.items()})
    smallest = min(model.params for model in models.values())
    table = pd.DataFrame(
        {
            "Head": label,
            "Parameters": format_count(model.params),
            "In the head": format_count(sum(row.params for row in model.rows if row.part == "head")),
            "Against the smallest": f"{model.params / smallest:.1f}×",
            "FLOPs an image": format_short(model.flops),
        }
        for label, model in models.items()
    )
    show_frame(table)
    st.subheader("Parameters of the head by the side of the input", anchor=False)
    _draw_growth(rest.replace(**changes), shape, classes)
    label = widget.selectbox("Layers of", list(models), key="layers_of")
    show_layer_table(models[label])
