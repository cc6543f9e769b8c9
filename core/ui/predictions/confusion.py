"""Confusion matrices, one per head; a click on a cell opens its images."""

from functools import partial

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.views.confusion import SELECTED_CELL, Confusion
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import (
    cached_chart_spec,
    cached_description,
    cached_display_result,
    cached_table,
    draw_spec,
    show_data_table,
    show_frame,
)
from core.ui.errors import callback
from core.ui.predictions.gallery import select_cell

url.register("matrices", "matrix_of")

_PAGE_SIZE = 6  # a matrix takes up to 0.5 s to draw
_WORST = 5  # class pairs
_SEED, _MEAN = "seed", "mean"


def show_confusion(comparison: Comparison, seed: int) -> None:
    """Show one matrix per head, two per row on a wide screen."""
    mean = False
    if len(comparison.runs) > len(comparison.variants):
        names = {_SEED: f"Seed {seed}", _MEAN: "Mean over seeds"}
        mean = widget.segmented("Counts", [_SEED, _MEAN], key="matrix_of", format_func=names.__getitem__) == _MEAN
    st.caption(
        "Rows: true class. Columns: predicted class. Values: number of test images"
        f"{', mean over seeds' if mean else ''}. Click a cell to see its images; the filters of Test images select the "
        "same ones."
    )
    labels, pages = comparison.labels, -(-len(comparison.labels) // _PAGE_SIZE)
    if pages > 1:
        label = f"Matrices per page: {_PAGE_SIZE} of {len(labels):,}. Page of {pages:,}"
        page = widget.number(label, 1, pages, key="matrices", width=320)
        labels = labels[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE]
    for start in range(0, len(labels), 2):
        for column, head in zip(st.columns(2, gap="large"), labels[start : start + 2], strict=False):
            with column:
                _show_matrix(Confusion(comparison, head, None if mean else seed), seed)


def _show_matrix(confusion: Confusion, seed: int) -> None:
    head = confusion.head or ""
    st.header(escape_markdown(head), anchor=False)
    # a chart with selection events is redrawn in every script run, so its specification is cached
    spec, description = cached_chart_spec(confusion), cached_description(confusion)
    variant = next(variant for variant in confusion.comparison.variants if variant.label == head)
    key = f"matrix-{variant.key}-{confusion.seed}"
    select = partial(_select_cell, confusion.comparison, key, variant.key, seed)
    draw_spec(spec, description, key, on_select=callback(select))
    if cached_display_result(confusion, _is_dense):  # the cells have no numbers
        st.caption("Most frequent confusions")
        show_frame(cached_table(confusion).drop(columns=confusion.column).head(_WORST))
    show_data_table(confusion, head)


def _is_dense(confusion: Confusion) -> bool:
    return confusion.dense


def _select_cell(comparison: Comparison, key: str, variant: str, seed: int) -> None:
    selected = st.session_state[key]["selection"].get(SELECTED_CELL, [])
    if selected:
        select_cell(comparison, variant, int(selected[0]["row"]), int(selected[0]["column"]), seed)
