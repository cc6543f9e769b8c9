"""Confusion matrices, one per head."""

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.views.confusion import Confusion
from core.store.comparison import Comparison
from core.ui.display import show_display


def show_confusion(comparison: Comparison) -> None:
    """Show one matrix per head, two per row on a wide screen."""
    st.subheader(Confusion.title, anchor=False)
    st.caption("Rows: true class. Columns: predicted class. Values: number of test images, mean across seeds.")
    for start in range(0, len(comparison.labels), 2):
        for column, head in zip(st.columns(2, gap="large"), comparison.labels[start : start + 2], strict=False):
            with column:
                show_display(Confusion(comparison, head), title=escape_markdown(head))
