"""Sections of the Predictions page: test images and confusion matrices, with the seed of the models and a download."""

from functools import partial

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.page_summary import write_accuracies
from core.errors import HeadroomError
from core.exporters.prediction_csv import write_predictions
from core.home import describe_error
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import list_run_versions
from core.ui.errors import callback
from core.ui.heading import show_page_heading
from core.ui.predictions.confusion import show_confusion
from core.ui.predictions.gallery import go_to_first_page, show_gallery
from core.ui.predictions.label_errors import show_label_errors

url.register("predictions", "seed")

IMAGES, MATRIX, LABEL_ERRORS = "images", "matrix", "label_errors"
SECTIONS = {
    IMAGES: ("Test images", show_gallery),
    MATRIX: ("Confusion matrix", show_confusion),
    LABEL_ERRORS: ("Label errors", show_label_errors),
}


def show_predictions(comparison: Comparison) -> None:
    """Show the section picker, the seed, and the selected section."""
    show_page_heading("Predictions", escape_markdown(write_accuracies(comparison)))
    seeds = sorted({run.spec.seed for run in comparison.runs})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        section = widget.segmented("View", [*SECTIONS], key="predictions", format_func=lambda name: SECTIONS[name][0])
        seed = widget.selectbox("Seed", seeds, key="seed", width=90, on_change=callback(go_to_first_page))
        st.download_button(
            "Download CSV",
            partial(_write, comparison),
            file_name="predictions.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"predictions-{hash(tuple(list_run_versions(comparison)))}",
            help="All test predictions and class probabilities of all runs of this comparison.",
        )
    SECTIONS[section][1](comparison, seed)


def _write(comparison: Comparison) -> bytes:
    try:
        return write_predictions(comparison)
    except HeadroomError as error:
        raise RuntimeError(describe_error(error)) from None
