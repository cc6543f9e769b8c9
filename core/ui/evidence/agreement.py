"""Agreement section of the Evidence page: correct and wrong predictions of two heads by image and class."""

from typing import Any

import streamlit as st

from core.analysis.disagreement import CELLS, Cell, list_images
from core.displays.label import shorten
from core.displays.markdown import escape_markdown
from core.displays.views.class_accuracy import ClassAccuracy
from core.displays.views.confusions import ConfusionDifference
from core.displays.views.disagreement import Disagreement, name_cell
from core.displays.views.gallery import Gallery, choose_page_size
from core.errors import DatasetError
from core.home import describe_error
from core.plural import format_plural
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import cached_chart_spec, cached_description, draw_spec, show_display
from core.ui.errors import callback
from core.ui.image_grid import show_image_grid
from core.ui.session import home

url.register("first_head", "second_head", "models_of", "cell", "cell_page")

_HEAD_CHARS = 20


def show_agreement(comparison: Comparison) -> None:
    """Show the agreement of two heads, the images of one cell, and the differences per class."""
    if len(comparison.variants) < 2:
        st.write("This comparison has only one variant. Train a second head to compare their predictions.")
        st.page_link("pages/train.py", label="Train another head", icon=":material/model_training:")
        return
    pair, seed = _choose_pair(comparison)
    if pair[0] == pair[1]:
        st.info("Select two different heads.", icon=":material/info:")
        return
    left, right = st.columns([2, 3], gap="large")
    disagreement = Disagreement(comparison, pair, seed)
    with left:
        _show_matrix(disagreement)
    with right:
        _show_images(comparison, pair, seed)
    left, right = st.columns(2, gap="large")
    with left:
        show_display(ClassAccuracy(comparison, pair, seed))
    with right:
        show_display(ConfusionDifference(comparison, pair))


def _choose_pair(comparison: Comparison) -> tuple[tuple[str, str], int]:
    """Return two heads and the seed of their models."""
    labels = {variant.key: variant.label for variant in comparison.variants}
    seeds = sorted({run.spec.seed for run in comparison.runs})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first, second = list(labels)[:2]
        if len(labels) > 2:
            names: dict[str, Any] = {
                "format_func": labels.__getitem__,
                "aliases": _name_heads(comparison),
                "width": 420,
            }
            first = widget.selectbox(f"First {comparison.noun}", list(labels), first, key="first_head", **names)
            second = widget.selectbox(f"Second {comparison.noun}", list(labels), second, key="second_head", **names)
        seed = widget.selectbox("Seed", seeds, key="models_of", width=120)
    return (labels[first], labels[second]), seed


def _name_heads(comparison: Comparison) -> dict[str, str]:
    """Return the key of a variant by its former label, and by its head for heads with one variant."""
    keys = {variant.label: variant.key for variant in comparison.variants}
    heads = [variant.spec.head for variant in comparison.variants]
    named = zip(heads, comparison.variants, strict=True)
    former = {label: keys[current] for label, current in comparison.former_labels.items()}
    return former | {head: variant.key for head, variant in named if heads.count(head) == 1}


def _show_matrix(disagreement: Disagreement) -> None:
    """Show the matrix; a click on a cell selects its images."""
    st.header(disagreement.title, anchor=False)
    # a chart with selection events is redrawn in every script run, so its specification is cached
    spec, description = cached_chart_spec(disagreement), cached_description(disagreement)
    draw_spec(spec, description, "matrix", on_select=_select_cell)


@callback
def _select_cell() -> None:
    selected = st.session_state["matrix"]["selection"].get("cell", [])
    if selected:
        st.session_state["cell"] = selected[0]["cell"]
        _go_to_first_page()


@callback
def _go_to_first_page() -> None:
    st.session_state["cell_page"] = 1


def _show_images(comparison: Comparison, pair: tuple[str, str], seed: int) -> None:
    short = shorten(pair[0], _HEAD_CHARS), shorten(pair[1], _HEAD_CHARS)
    cells: list[Cell] = [*CELLS[1:3], CELLS[3], CELLS[0]]
    cell = widget.segmented(
        "Images",
        cells,
        key="cell",
        on_change=_go_to_first_page,
        format_func=lambda cell: escape_markdown(name_cell(cell, short)),
    )
    images = list_images(comparison, pair, cell, seed)
    name = escape_markdown(name_cell(cell, pair))
    if not images:
        st.write(f"No test images in this cell: {name}.")
        return
    size = choose_page_size(len(comparison.variants)) // 2
    pages = -(-len(images) // size)
    if st.session_state.get("cell_page", 1) > pages:  # left over from a larger cell
        _go_to_first_page()
    page = widget.number(f"Page of {pages:,}", 1, pages, key="cell_page", width=140, disabled=pages == 1)
    st.caption(
        f"{format_plural(len(images), 'test image')}: {name}. Sorted by the difference between the two probabilities "
        "of the true class, largest first. Click an image to see all class probabilities."
    )
    shown = tuple(images[(page - 1) * size : page * size])
    gallery = Gallery(comparison, home(), seed=seed, page_size=size, images=shown)
    try:
        show_image_grid(gallery, gallery.frame(), key="disagreeing", neighbors=images)
    except DatasetError as error:
        st.info(escape_markdown(describe_error(error)))
