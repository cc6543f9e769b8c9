"""Curves: how each head learned."""

import streamlit as st

from core.displays.headline import write_curves
from core.displays.views.curves import Curves, Metric, XAxis
from core.ui.frame import need_comparison
from core.ui.report import show_finding
from core.ui.show import show
from core.ui.state import chosen_comparison

if need_comparison() and (comparison := chosen_comparison()):
    show_finding("Curves", write_curves(comparison))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        axes: list[XAxis] = ["epoch", "seconds"]
        by = st.segmented_control("By", axes, default="epoch", required=True, key="by", bind="query-params")
        x = by or "epoch"  # a link may leave it empty
        splits = st.pills(
            "Splits",
            ["training", "validation"],
            default=["training", "validation"],
            selection_mode="multi",
            key="splits",
            bind="query-params",
        )
        smoothing = st.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", bind="query-params", width=220)
        log = st.toggle("Log axis", key="log", bind="query-params")
        seeds = st.toggle("Single seeds", value=True, key="seeds", bind="query-params")
    shown = tuple(splits) or ("validation",)
    metrics: tuple[Metric, Metric] = ("accuracy", "loss")
    for column, metric in zip(st.columns(2, gap="large"), metrics, strict=True):
        with column:
            curves = Curves(comparison, metric, x, smoothing, log, shown, seeds)
            show(curves, title=f"{metric.title()} by {'epoch' if x == 'epoch' else 'training time'}")
    st.caption(
        "Bold lines are means over seeds, thin lines single seeds; training is dotted, validation solid. "
        "Training accuracy is measured while the weights change and with dropout on, so it can lie below validation."
    )
