"""Gallery of test images with filters and pagination."""

from dataclasses import replace

import streamlit as st

from core.analysis.prediction import Order, Show
from core.displays.headline import write_accuracies
from core.displays.markdown import escape_markdown
from core.displays.views.gallery import Gallery
from core.errors import DatasetError
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.heading import show_page_heading
from core.ui.image_grid import show_image_grid
from core.ui.session import home

url.register("show", "class", "class_index", "order", "seed", "page")

_SHOWS: list[Show] = ["all", "wrong", "only one wrong", "only one correct"]


def show_gallery(comparison: Comparison) -> None:
    """Show the filters and one page of images. Every setting is part of the URL."""
    show_page_heading("Predictions", write_accuracies(comparison))
    classes = comparison.first.record.data.classes
    seeds = sorted({run.spec.seed for run in comparison.runs})
    many = len(comparison.variants) > 1
    options = _SHOWS if many else _SHOWS[:2]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = widget.segmented(
            "Show",
            options,
            key="show",
            help="Only one wrong or correct: by exactly one of the heads.",
            on_change=_go_to_first_page,
        )
        label = widget.optional(
            "True class", range(len(classes)), key="class_index", former="class", format_func=classes.__getitem__,
            none="any", width=150, on_change=_go_to_first_page,
        )  # fmt: skip
        orders: list[Order] = ["dataset order", "most confident first", "least confident first"]
        order = widget.selectbox("Sort by", orders, key="order", width=180, on_change=_go_to_first_page)
        seed = widget.selectbox("Seed", seeds, key="seed", width=90, on_change=_go_to_first_page)
    gallery = Gallery(comparison, home(), chosen, label, order, seed, 1)
    count, pages = len(gallery.selected()), gallery.pages
    total = comparison.first.record.data.test_images
    if not count:
        st.info("No images match these filters.")
        return
    st.caption(
        f"{count:,} of {total:,} test images. {escape_markdown(gallery.explain())} Click an image to see all class "
        "probabilities."
    )
    if st.session_state.get("page", 1) > pages:  # left over from a longer gallery
        st.session_state["page"] = pages
    page = widget.number(f"Page of {pages:,}", 1, pages, key="page", width=140, disabled=pages == 1)
    try:
        shown = replace(gallery, page=page)
        show_image_grid(shown, shown.frame(), key="gallery")
    except DatasetError as error:
        st.info(str(error))


def _go_to_first_page() -> None:
    st.session_state["page"] = 1
