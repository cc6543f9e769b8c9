"""Architecture and parameters per layer: diagram, chart and layer tables of the heads of a comparison."""

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.page_summary import write_params
from core.displays.views.architecture import ArchitectureView
from core.displays.views.layers import Layers
from core.store.comparison import Comparison
from core.ui.display import show_display
from core.ui.heading import show_page_heading
from core.ui.parameters.layer_table import show_layer_table

_MAX_TABLES = 6
_MAX_DIAGRAMS = 3  # below the chart; more are in a separate tab


def show_layers(comparison: Comparison) -> None:
    """Show the diagram of the models and the parameters per layer of each head."""
    show_page_heading("Parameters", escape_markdown(write_params(comparison)))
    if len(comparison.variants) > _MAX_DIAGRAMS:
        chart, diagram, tables = st.tabs([Layers.title, "Architecture", "Layer tables"])
        with chart:
            show_display(Layers(comparison), title="", table=False)
    else:
        show_display(Layers(comparison), table=False)
        diagram, tables = st.tabs(["Architecture", "Layer tables"])
    with diagram:
        show_display(ArchitectureView(comparison), title="", table=False)
    with tables:
        _show_tables(comparison)


def _show_tables(comparison: Comparison) -> None:
    variants = comparison.variants[:_MAX_TABLES]
    for start in range(0, len(variants), 2):
        pair = variants[start : start + 2]
        for column, variant in zip(st.columns(2, gap="large"), pair, strict=False):
            with column:
                st.header(escape_markdown(variant.label), anchor=False)
                show_layer_table(variant.first.model)
