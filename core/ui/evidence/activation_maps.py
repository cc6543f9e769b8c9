"""Activation maps section of the Evidence page: class activation maps of every head, with filters."""

import streamlit as st

from core.analysis.prediction import ImageFilter, Show, compute_predictions, select_images
from core.displays.views.activation import Activation
from core.plural import format_plural
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.activation_map import show_activation
from core.ui.display import cached_table, show_frame
from core.ui.errors import callback
from core.ui.session import home

url.register("map_images", "map_class", "map_class_index", "map_page", "opacity")

_PAGE_SIZE = 6
_ALL, _ONE_CORRECT = "all", "only one correct"


def show_activation_maps(comparison: Comparison) -> None:
    """Show the filters and one page of maps. Every setting is part of the URL."""
    classes = comparison.first.record.data.classes
    seeds = sorted({run.spec.seed for run in comparison.runs})
    options = [_ALL, _ONE_CORRECT] if len(comparison.variants) > 1 else [_ALL]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        selection = widget.segmented("Images", options, key="map_images", on_change=_go_to_first_page)
        explained = widget.optional(
            "Class to explain", range(len(classes)), key="map_class_index", former="map_class",
            format_func=classes.__getitem__, none="predicted class", width=200,
        )  # fmt: skip
        seed = widget.selectbox("Seed", seeds, key="models_of", width=120)
    predictions = compute_predictions(comparison, seed)
    show: Show = "only one correct" if selection == _ONE_CORRECT else "all"
    images = select_images(predictions, ImageFilter(show)).tolist()
    if not images:
        st.info("No images match these filters.")
        return
    pages = -(-len(images) // _PAGE_SIZE)
    if st.session_state.get("map_page", 1) > pages:  # left over from a longer selection
        _go_to_first_page()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        page = widget.number(f"Page of {pages:,}", 1, pages, key="map_page", width=140, disabled=pages == 1)
        percent = widget.slider("Map opacity (%)", 0, 100, 70, 5, key="opacity", width=220)
    shown = tuple(images[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE])
    st.caption(f"{format_plural(len(images), 'test image')}. Below each map: its class and the probability of it.")
    activation = Activation(comparison, home(), shown, explained, seed)
    show_activation(activation, percent / 100)
    with st.expander("Show data table", on_change="rerun", key="table-maps") as expander:
        if expander.open and not (table := cached_table(activation)).empty:
            show_frame(table, words=table.columns)


@callback
def _go_to_first_page() -> None:
    st.session_state["map_page"] = 1
