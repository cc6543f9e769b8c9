"""Gallery of test images with filters and pagination."""

from dataclasses import replace
from typing import Any, get_args

import streamlit as st

from core.analysis.prediction import Agreement, Order, Show
from core.displays.markdown import escape_markdown
from core.displays.views.gallery import Gallery, choose_page_size
from core.errors import DatasetError
from core.home import describe_error
from core.plural import format_plural
from core.store.comparison import Comparison
from core.store.metrics import compute_predicted
from core.ui import url, widget
from core.ui.errors import callback
from core.ui.image_grid import show_image_grid
from core.ui.session import home

url.register("show", "class", "class_index", "order", "page", "predicted", "predicted_by", "confidence", "agreement")

_SHOWS: list[Show] = ["all", "wrong", "only one wrong", "only one correct"]
_FILTERS: dict[str, Any] = {
    "show": "all", "class_index": None, "predicted": None, "predicted_by": None, "confidence": (0, 100),
    "agreement": "any",
}  # fmt: skip


def show_gallery(comparison: Comparison, seed: int) -> None:
    """Show the filters and one page of images. Every setting is part of the URL."""
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with bar:
        gallery = _filter(comparison, seed)
    selected = gallery.selected()
    total = comparison.first.record.data.test_images
    if not selected:
        st.info(f"No images match these filters (0 of {total:,}).")
        st.button("Reset filters", icon=":material/filter_alt_off:", on_click=_reset, key="reset-filters")
        return
    pages = gallery.pages
    used = sum((gallery.head is not None, (gallery.least, gallery.most) != (0, 100), gallery.agreement != "any"))
    more = f", with {format_plural(used, 'more filter')}" if used else ""
    if st.session_state.get("page", 1) > pages:  # left over from a longer gallery
        st.session_state["page"] = pages
    with bar:
        page = widget.number(f"Page of {pages:,}", 1, pages, key="page", width=140, disabled=pages == 1)
    st.caption(
        f"{len(selected):,} of {total:,} test images{more}. {escape_markdown(gallery.explain())} Click an image to "
        "see all class probabilities; ← and → go to its neighbors."
    )
    try:
        shown = replace(gallery, page=page)
        show_image_grid(shown, shown.frame(), key="gallery", neighbors=selected)
    except DatasetError as error:
        st.info(escape_markdown(describe_error(error)))


def _filter(comparison: Comparison, seed: int) -> Gallery:
    """Show the filters and return the gallery that they select, on its first page."""
    classes = comparison.first.record.data.classes
    labels = {variant.key: variant.label for variant in comparison.variants}
    several, noun = len(labels) > 1, comparison.noun
    of_class: dict[str, Any] = {
        "format_func": classes.__getitem__, "none": "any", "width": 150, "on_change": go_to_first_page,
    }  # fmt: skip
    orders: list[Order] = [*get_args(Order)]
    agreement: Agreement = "any"
    show = widget.segmented(
        "Show",
        _SHOWS if several else _SHOWS[:2],
        key="show",
        help=f"Only one wrong or correct: by exactly one of the {noun}s.",
        on_change=go_to_first_page,
    )
    label = widget.optional("True class", range(len(classes)), key="class_index", former="class", **of_class)
    predicted = widget.optional("Predicted class", range(len(classes)), key="predicted", **of_class)
    order = widget.selectbox("Sort by", orders, key="order", width=180, on_change=go_to_first_page)
    with st.popover("More filters", icon=":material/filter_alt:"):
        head = widget.optional(
            "Predicted by", [*labels], key="predicted_by", format_func=labels.__getitem__, none=f"any {noun}",
            on_change=go_to_first_page,
        )  # fmt: skip
        least, most = widget.share_range("Confidence", key="confidence", on_change=go_to_first_page)
        if several:
            agreement = widget.segmented(
                "Agreement", [*get_args(Agreement)], key="agreement", on_change=go_to_first_page,
                help=f"Images for which all {noun}s predict the same class, or not.",
            )  # fmt: skip
        st.caption(f"Predicted class and confidence refer to this {noun}, or to at least one of the {noun}s.")
    return Gallery(
        comparison, home(), show, label, order, seed, page_size=choose_page_size(len(labels)), predicted=predicted,
        head=head and labels[head], least=least, most=most, agreement=agreement,
    )  # fmt: skip


def select_cell(comparison: Comparison, variant: str, label: int, predicted: int, seed: int) -> None:
    """Filter the images by a cell of a confusion matrix, and show them.

    The seed changes if only the model of another seed predicts this class for an image of the other one.
    """
    runs = next(one.runs for one in comparison.variants if one.key == variant)
    for run in sorted(runs, key=lambda run: run.spec.seed != seed):
        found = compute_predicted(run.predictions.test_probs) == predicted
        if (found & (run.predictions.test_labels == label)).any():
            st.session_state["seed"] = run.spec.seed
            break
    cell = {"class_index": label, "predicted": predicted, "predicted_by": variant, "predictions": "images"}
    st.session_state.update({**_FILTERS, **cell, "page": 1})


@callback
def _reset() -> None:
    st.session_state.update({**_FILTERS, "page": 1})


@callback
def go_to_first_page() -> None:
    """Return to the first page of images, for a new filter."""
    st.session_state["page"] = 1
