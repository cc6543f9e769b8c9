"""Confusion matrices, one per head."""

import streamlit as st

from core.displays.views.confusion import Confusion
from core.store.comparison import Comparison
from core.ui.display import show_display


def show_confusion(comparison: Comparison) -> None:
    """One matrix a head, side by side where there is room."""
    st.subheader(Confusion.title, anchor=False)
    st.caption("Rows are true classes, columns guesses; mean number of test images over the seeds.")
    for start in range(0, len(comparison.labels), 2):
        for column, head in zip(st.columns(2, gap="large"), comparison.labels[start : start + 2], strict=False):
            with column:
                show_display(Confusion(comparison, head), title=head)
