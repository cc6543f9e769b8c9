"""Layer table of a model, similar to `model.summary()` in Keras."""

import streamlit as st

from core.architecture.model import LayerGraph
from core.displays.views.layers import compute_layer_frame, format_layer_table
from core.ui.display import show_frame


def show_layer_table(model: LayerGraph) -> None:
    """Show the layers of a model and its total parameters."""
    show_frame(format_layer_table(compute_layer_frame(model)))
    st.markdown(
        f"Total **{model.params:,}** · trainable **{model.trainable:,}** · non-trainable **{model.non_trainable:,}**"
    )
