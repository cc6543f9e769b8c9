"""Learning curves with their settings."""

import streamlit as st

from core.displays.headline import write_curves
from core.displays.markdown import escape_markdown
from core.displays.views.curves import Curves, Metric, XAxis
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import show_display
from core.ui.heading import show_page_heading

url.register("by", "splits", "smoothing", "log", "single")


def show_curves(comparison: Comparison) -> None:
    """Show the curves of accuracy and loss. Every setting is part of the URL."""
    show_page_heading("Curves", escape_markdown(write_curves(comparison)))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        axes: list[XAxis] = ["epoch", "seconds"]
        x = widget.segmented("X axis", axes, key="by")
        splits = widget.pills("Splits", ["training", "validation"], ["training", "validation"], key="splits")
        smoothing = widget.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", width=220)
        log = widget.toggle("Logarithmic y axis", key="log")
        seeds = widget.toggle("Individual seeds", True, key="single")
    notes = []
    shown = tuple(splits) or ("validation",)
    metrics: tuple[Metric, Metric] = ("accuracy", "loss")
    for column, metric in zip(st.columns(2, gap="large"), metrics, strict=True):
        with column:
            curves = Curves(comparison, metric, x, smoothing, log, shown, seeds)
            notes += [curves.explain_loss()]
            show_display(
                curves, title=f"{escape_markdown(metric.title())} by {'epoch' if x == 'epoch' else 'training time'}"
            )
    st.caption(
        "Bold lines: mean across seeds. Thin lines: individual seeds. Dotted: training. Solid: validation. "
        "A mean covers only the epochs, or the time, that all seeds of its head share. "
        "Training accuracy is averaged over the epoch with dropout enabled, so it can be below validation accuracy. "
        + ("Rings: kept epochs. " if any(run.record.kept_epoch for run in comparison.runs) else "")
        + "Losses are cross-entropies without L1 and L2 penalties."
        + "".join(f" Exception: {escape_markdown(note)}." for note in notes if note)
        + (" An error or a loss of 0 cannot be drawn on a logarithmic axis and leaves a gap." if log else "")
    )
