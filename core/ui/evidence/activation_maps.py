"""The Activation maps section: class activation maps of every head, with filters."""

import streamlit as st

from core.analysis.prediction import compute_predictions, select_images
from core.displays.number import format_plural
from core.displays.views.activation import Activation
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.activation_map import show_activation
from core.ui.display import show_frame, tabulate
from core.ui.session import home

url.register("looks", "looks_for", "looks_page", "opacity")

_PAGE_SIZE = 6
_ALL, _ONE = "all", "only one correct"


def show_activation_maps(comparison: Comparison) -> None:
    """Choices, a page of images, and what the colours mean. Every choice is in the URL."""
    classes = comparison.first.record.data.classes
    seeds = sorted({run.spec.seed for run in comparison.runs})
    options = [_ALL, _ONE] if len(comparison.variants) > 1 else [_ALL]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        which = widget.segmented("Images", options, key="looks", on_change=_turn_to_first)
        label = widget.optional("What speaks for", classes, key="looks_for", none="each head's own guess", width=200)
        seed = widget.selectbox("Models of seed", seeds, key="models_of", width=120)
    predictions = compute_predictions(comparison, seed)
    images = select_images(predictions, "only one correct" if which == _ONE else "all").tolist()
    if not images:
        st.info("There is no such test image.")
        return
    pages = -(-len(images) // _PAGE_SIZE)
    if st.session_state.get("looks_page", 1) > pages:  # another choice has fewer
        _turn_to_first()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        page = widget.number(f"Page of {pages:,}", 1, pages, key="looks_page", width=140, disabled=pages == 1)
        percent = widget.slider("Opacity of the maps (%)", 0, 100, 70, 5, key="opacity", width=220)
    shown = tuple(images[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE])
    about = None if label is None else classes.index(label)
    st.caption(f"{format_plural(len(images), 'test image')}. Under each map: the class it is of, and its probability.")
    activation = Activation(comparison, home(), shown, about, seed)
    show_activation(activation, percent / 100)
    with st.expander("The figures behind it", on_change="rerun", key="figures-looks") as fold:
        if fold.open and not (table := tabulate(activation)).empty:
            show_frame(table, words=table.columns)


def _turn_to_first() -> None:
    st.session_state["looks_page"] = 1
