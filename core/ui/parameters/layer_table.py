"""Layer tables side by side, as a model's summary prints them."""

import streamlit as st

from core.architecture.model import Model
from core.displays.views.layers import compute_layer_frame, format_layer_table
from core.store.comparison import Comparison
from core.ui.display import show_frame


def show_layer_tables(comparison: Comparison) -> None:
    shown = comparison.variants[:6]
    for start in range(0, len(shown), 2):
        pair = shown[start : start + 2]
        for column, variant in zip(st.columns(2, gap="large"), pair, strict=False):
            with column:
                st.subheader(variant.label, anchor=False)
                show_layer_table(variant.first.model)


def show_layer_table(model: Model) -> None:
    show_frame(format_layer_table(compute_layer_frame(model)))
    st.markdown(
        f"Total **{model.params:,}** · trainable **{model.trainable:,}** · non-trainable **{model.non_trainable:,}**"
    )
