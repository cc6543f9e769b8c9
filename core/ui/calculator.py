"""The calculator: what every head would cost on another input, answered in closed form."""

import pandas as pd
import streamlit as st

from core.architecture.model import compute_model
from core.displays.number import format_count, format_short
from core.displays.palette import head_colors
from core.displays.views.layers import build_params_chart, compute_layer_frame
from core.errors import SpecError
from core.spec import HEADS, RunSpec
from core.ui import link
from core.ui.frame import errors_as_sentences
from core.ui.knobs import ask
from core.ui.layers import show_layer_table
from core.ui.show import show_frame


@st.fragment
def show_calculator() -> None:
    with errors_as_sentences():
        _show_calculator()


def _show_calculator() -> None:
    st.header("Calculator", anchor=False)
    st.write(
        "What would each head cost on other images, or on another backbone? Nothing is trained: the counts are exact."
    )
    rest = RunSpec()
    columns = st.columns(3, gap="large")
    with columns[0]:
        side = link.slider("Input side (pixels)", 8, 256, 28, key="side")
        channels = link.slider("Channels", 1, 4, 1, key="channels", help="1 for grey, 3 for RGB.")
    with columns[1]:
        blocks = ask("blocks", rest.blocks, key="calculator_blocks")
        filters = ask("filters", rest.filters, key="calculator_filters")
    with columns[2]:
        units = ask("units", rest.units, key="calculator_units")
        classes = link.slider("Classes", 2, 1000, 10, key="classes")
    try:
        models = {
            head.label: compute_model(
                rest.replace(head=name, blocks=blocks, filters=filters, units=units), (side, side, channels), classes
            )
            for name, head in HEADS.items()
        }
    except SpecError as error:
        st.warning(str(error))
        return
    frame = pd.concat([compute_layer_frame(model).assign(head=label) for label, model in models.items()])
    st.altair_chart(
        build_params_chart(frame, head_colors()),
        width="stretch",
        alt="Parameters by head: " + "; ".join(f"{label} {model.params:,}" for label, model in models.items()),
    )
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
    label = link.selectbox("Layers of", list(models), key="layers_of")
    show_layer_table(models[label])
