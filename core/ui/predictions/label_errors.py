"""Test images whose label is probably wrong, with a list to download."""

from functools import partial

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.views.gallery import Gallery, choose_page_size
from core.displays.views.label_errors import LabelErrors
from core.errors import DatasetError, HeadroomError
from core.exporters.label_error_csv import write_label_errors
from core.home import describe_error
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import cached_description, cached_display_result, list_run_versions, show_data_table
from core.ui.image_grid import show_image_grid
from core.ui.session import home

url.register("suspect")


def show_label_errors(comparison: Comparison, seed: int) -> None:
    """Show the images with their labels and the predictions of each head, and a download button."""
    display = LabelErrors(comparison, home())
    images = cached_display_result(display, _list_images)
    st.write(escape_markdown(cached_description(display)))
    if not images:
        return
    st.caption(
        "Method: confident learning (Northcutt et al. 2021). It examines test images only, because the models have "
        "learned the labels of the training images."
    )
    size = choose_page_size(len(comparison.variants))
    pages = -(-len(images) // size)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        page = widget.number(f"Page of {pages:,}", 1, pages, key="suspect", width=140, disabled=pages == 1)
        st.download_button(
            "Download list", partial(_write, comparison), file_name="label-errors.csv", mime="text/csv",
            icon=":material/download:", on_click="ignore",
            key=f"label-errors-{hash(tuple(list_run_versions(comparison)))}",
        )  # fmt: skip
    gallery = Gallery(comparison, home(), seed=seed, images=images, page=page, page_size=size)
    try:
        show_image_grid(gallery, gallery.frame(), key="label-errors", neighbors=[*images])
    except DatasetError as error:
        st.info(escape_markdown(describe_error(error)))
    show_data_table(display)


def _list_images(display: LabelErrors) -> tuple[int, ...]:
    return display.images


def _write(comparison: Comparison) -> bytes:
    try:
        return write_label_errors(comparison)
    except HeadroomError as error:
        raise RuntimeError(describe_error(error)) from None
