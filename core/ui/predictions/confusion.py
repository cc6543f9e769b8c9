"""Confusion matrices, one per head."""

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.views.confusion import Confusion
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import show_display

url.register("matrices")

_PAGE_SIZE = 6  # a matrix takes up to 0.5 s to draw


def show_confusion(comparison: Comparison) -> None:
    """Show one matrix per head, two per row on a wide screen."""
    st.header(Confusion.title, anchor=False)
    st.caption("Rows: true class. Columns: predicted class. Values: number of test images, mean across seeds.")
    heads, pages = comparison.labels, -(-len(comparison.labels) // _PAGE_SIZE)
    if pages > 1:
        label = f"Matrices per page: {_PAGE_SIZE} of {len(heads):,}. Page of {pages:,}"
        page = widget.number(label, 1, pages, key="matrices", width=320)
        heads = heads[(page - 1) * _PAGE_SIZE : page * _PAGE_SIZE]
    for start in range(0, len(heads), 2):
        for column, head in zip(st.columns(2, gap="large"), heads[start : start + 2], strict=False):
            with column:
                show_display(Confusion(comparison, head), title=escape_markdown(head))
