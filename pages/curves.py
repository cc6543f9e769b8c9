"""Curves: how each head learned."""

import streamlit as st

from core.displays.headline import write_curves
from core.displays.views.curves import Curves, Metric, XAxis
from core.ui import widget
from core.ui.compare.sections import show_finding
from core.ui.display import show_display
from core.ui.frame import need_comparison
from core.ui.more_epochs import show_more
from core.ui.session import chosen_comparison

if need_comparison() and (comparison := chosen_comparison()):
    show_finding("Curves", write_curves(comparison))
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
    show_more(comparison)
