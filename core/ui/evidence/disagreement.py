"""Two heads against each other: who is right, on which images and classes, and with which confusions."""

import streamlit as st

from core.analysis.disagreement import CELLS, Cell, list_images
from core.displays.number import format_plural
from core.displays.views.class_accuracy import ClassAccuracy
from core.displays.views.confusions import ConfusionDifference
from core.displays.views.disagreement import Disagreement, name_cell
from core.displays.views.gallery import Gallery
from core.errors import DatasetError
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import show_display, show_sentence, write_spec
from core.ui.image_grid import show_cells
from core.ui.session import home

url.register("first_head", "second_head", "models_of", "right", "right_page")

_PAGE_SIZE = 12


def show_disagreement(comparison: Comparison) -> None:
    if len(comparison.variants) < 2:
        st.write("There is one head. Train a second one to see where the two disagree.")
        return
    pair, seed = _choose(comparison)
    if pair[0] == pair[1]:
        st.info("Choose two heads that differ.", icon=":material/info:")
        return
    left, right = st.columns([2, 3], gap="large")
    disagreement = Disagreement(comparison, pair, seed)
    with left:
        _show_matrix(disagreement)
    with right:
        _show_images(comparison, disagreement, pair, seed)
    left, right = st.columns(2, gap="large")
    with left:
        show_display(ClassAccuracy(comparison, pair, seed))
    with right:
        show_display(ConfusionDifference(comparison, pair))


def _choose(comparison: Comparison) -> tuple[tuple[str, str], int]:
    """Two heads, of more than two chosen, and the seed whose models are looked at."""
    labels = comparison.labels
    seeds = sorted({run.spec.seed for run in comparison.runs})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first, second = labels[:2]
        if len(labels) > 2:
            first = widget.selectbox("First head", labels, key="first_head", width=240)
            second = widget.selectbox("Second head", labels, labels[1], key="second_head", width=240)
        seed = widget.selectbox("Models of seed", seeds, key="models_of", width=120)
    return (first, second), seed


def _show_matrix(disagreement: Disagreement) -> None:
    """The matrix; a click on a cell turns the gallery to its images."""
    st.subheader(disagreement.title, anchor=False)
    # a picture that listens is drawn at every run of the page: what builds and checks it runs once
    spec = write_spec(disagreement)
    st.vega_lite_chart(spec=spec, width="stretch", alt=show_sentence(disagreement), key="matrix", on_select=_pick)


def _pick() -> None:
    picked = st.session_state["matrix"]["selection"].get("cell", [])
    if picked:
        st.session_state["right"] = picked[0]["cell"]
        _turn_to_first()


def _turn_to_first() -> None:
    st.session_state["right_page"] = 1


def _show_images(comparison: Comparison, disagreement: Disagreement, pair: tuple[str, str], seed: int) -> None:
    cells: list[Cell] = [*CELLS[1:3], CELLS[3], CELLS[0]]
    chosen = widget.segmented(
        "Images", cells, key="right", on_change=_turn_to_first, write=lambda cell: name_cell(cell, pair)
    )
    images = list_images(comparison, pair, chosen, seed)
    who = name_cell(chosen, pair)
    if not images:
        st.write(f"There is no test image of that kind: {who}.")
        return
    pages = -(-len(images) // _PAGE_SIZE)
    if st.session_state.get("right_page", 1) > pages:  # another cell has fewer
        _turn_to_first()
    page = widget.number(f"Page of {pages:,}", 1, pages, key="right_page", width=140, disabled=pages == 1)
    st.caption(
        f"{format_plural(len(images), 'test image')}: {who}. First those whose true class the two give the most "
        "different probabilities. Click an image for all classes."
    )
    shown = tuple(images[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE])
    gallery = Gallery(comparison, home(), seed=seed, page_size=_PAGE_SIZE, images=shown)
    try:
        show_cells(gallery, gallery.frame(), key="disagreeing")
    except DatasetError as error:
        st.info(str(error))
