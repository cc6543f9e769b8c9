"""The gallery of the Predictions page: filters, one page of images, and the pager."""

from dataclasses import replace

import streamlit as st

from core.analysis.prediction import Order, Show
from core.displays.markdown import escape_markdown
from core.displays.views.gallery import Gallery
from core.errors import DatasetError
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.image_grid import show_cells
from core.ui.session import home

url.register("show", "class", "order", "seed", "page")

_SHOWS: list[Show] = ["all", "wrong", "only one wrong", "only one correct"]


def show_gallery(comparison: Comparison) -> None:
    """Filters, one page of images, and the pager. Every choice is in the URL."""
    classes = comparison.first.record.data.classes
    seeds = sorted({run.spec.seed for run in comparison.runs})
    many = len(comparison.variants) > 1
    options = _SHOWS if many else _SHOWS[:2]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = widget.segmented(
            "Show", options, key="show", help="By one: by exactly one of the heads.", on_change=_turn_to_first
        )
        label = widget.optional("True class", classes, key="class", none="any", width=150, on_change=_turn_to_first)
        orders: list[Order] = ["dataset order", "most confident first", "least confident first"]
        order = widget.selectbox("Order", orders, key="order", width=180, on_change=_turn_to_first)
        seed = widget.selectbox("Seed", seeds, key="seed", width=90, on_change=_turn_to_first)
    gallery = Gallery(comparison, home(), chosen, None if label is None else classes.index(label), order, seed, 1)
    count, pages = len(gallery.selected()), gallery.pages
    total = comparison.first.record.data.test_images
    if not count:
        st.info("No test image is like that. Choose another filter.")
        return
    st.caption(
        f"{count:,} of {total:,} test images. {escape_markdown(gallery.explain())} Click an image for all classes."
    )
    if st.session_state.get("page", 1) > pages:  # another comparison has fewer
        st.session_state["page"] = pages
    page = widget.number(f"Page of {pages:,}", 1, pages, key="page", width=140, disabled=pages == 1)
    try:
        shown = replace(gallery, page=page)
        show_cells(shown, shown.frame(), key="gallery")
    except DatasetError as error:
        st.info(str(error))


def _turn_to_first() -> None:
    st.session_state["page"] = 1
