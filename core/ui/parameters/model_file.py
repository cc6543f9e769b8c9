"""Upload of a Keras model, whose parameters are counted from its config."""

from typing import BinaryIO

import streamlit as st

from core.architecture.keras_model import KerasModel, read_keras_model
from core.displays.architecture_diagram import (
    build_architecture_chart,
    describe_architectures,
    group_architectures,
    list_step_rows,
)
from core.displays.cost_format import FLOPS_HELP
from core.displays.encoding import write_spec
from core.displays.keras_model_text import describe_keras_model
from core.displays.markdown import escape_markdown
from core.displays.number import format_count, format_short
from core.displays.palette import head_colors
from core.displays.views.architecture import format_steps
from core.errors import ModelFileError
from core.ui.display import draw_spec, show_frame
from core.ui.errors import handle_errors
from core.ui.parameters.layer_table import show_layer_table

_MAX_MEGABYTES = 500
_LABEL = "Layers after the backbone"


@st.fragment
def show_model_file() -> None:
    """Show the upload, and the counts of the uploaded model."""
    with handle_errors(), st.expander("Count a model of yours", icon=":material/upload_file:"):
        st.write(
            "Parameters and FLOPs of a Keras model, Sequential or functional. Headroom reads the layers only; it does "
            f"not run the model. {FLOPS_HELP}"
        )
        left, right = st.columns([3, 1], gap="large")
        with left:
            file = st.file_uploader(
                "Keras model", ["keras", "json"], key="counted-model", max_upload_size=_MAX_MEGABYTES,
                help="A .keras file, saved with model.save, or its config.json.",
            )  # fmt: skip
        with right:
            side = st.number_input(
                "Input size (pixels per side)", 8, 4096, 224, key="counted-side",
                help="Used by models that accept images of any size.",
            )  # fmt: skip
        if file is not None:
            _count(file, side)


def _count(file: BinaryIO, side: int) -> None:
    try:
        model = read_keras_model(file.read(), side=side, label=file.name)
    except ModelFileError as error:
        st.error(escape_markdown(str(error)))
        return
    _show_model(model)


def _show_model(model: KerasModel) -> None:
    cells = st.columns(4)
    cells[0].metric("Parameters", format_count(model.params))
    cells[1].metric("Trainable", format_count(model.trainable))
    cells[2].metric("FLOPs per image", format_short(model.flops))
    cells[3].metric("Layers", format_count(len(model.rows)))
    st.caption(escape_markdown(describe_keras_model(model)))
    diagram, steps, layers = st.tabs(["Architecture", "Steps", "Layers"])
    architectures = group_architectures({_LABEL: model})
    with diagram:
        chart = build_architecture_chart(architectures, {_LABEL: next(iter(head_colors().values()))})
        draw_spec(write_spec(chart), describe_architectures(architectures))
    with steps:
        show_frame(format_steps(list_step_rows(architectures)))
    with layers:
        show_layer_table(model)
