"""Learning curves with their settings."""

import streamlit as st

from core.displays.views.curves import Curves, Metric, XAxis
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import show_display

url.register("by", "splits", "smoothing", "log", "single")


def show_curves(comparison: Comparison) -> None:
    """Accuracy and loss side by side. Every setting is in the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        axes: list[XAxis] = ["epoch", "seconds"]
        x = widget.segmented("By", axes, key="by")
        splits = widget.pills("Splits", ["training", "validation"], ["training", "validation"], key="splits")
        smoothing = widget.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", width=220)
        log = widget.toggle("Log axis", key="log")
        seeds = widget.toggle("Single seeds", True, key="single")
    shown = tuple(splits) or ("validation",)
    metrics: tuple[Metric, Metric] = ("accuracy", "loss")
    for column, metric in zip(st.columns(2, gap="large"), metrics, strict=True):
        with column:
            curves = Curves(comparison, metric, x, smoothing, log, shown, seeds)
            show_display(curves, title=f"{metric.title()} by {'epoch' if x == 'epoch' else 'training time'}")
    st.caption(
        "Bold lines are means over seeds, thin lines single seeds; training is dotted, validation solid. "
        "A mean covers the epochs, or the time, that all seeds of its head share. "
        "Training accuracy is measured while the weights change and with dropout on, so it can lie below validation."
        + (" An error or a loss of 0 has no place on a log axis and leaves a gap." if log else "")
    )
