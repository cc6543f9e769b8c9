"""Learning curves with their settings, and their best and last values."""

from typing import Any, get_args

import pandas as pd
import streamlit as st

from core.analysis.curve import Band
from core.displays.curve_data import BANDS, CurveMetric, Splits, XAxis
from core.displays.markdown import escape_markdown
from core.displays.page_summary import write_curves
from core.displays.sentence import write_sentences
from core.displays.views.curves import Curves
from core.plural import format_plural
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import cached_table, show_display, show_frame
from core.ui.errors import callback
from core.ui.heading import show_page_heading

url.register("charts", "by", "splits", "smoothing", "log", "single", "band", "marks", "epoch_range", "lines")

_CHARTS: dict[str, tuple[str, tuple[CurveMetric, CurveMetric]]] = {
    "metrics": ("Accuracy and loss", ("accuracy", "loss")),
    "costs": ("Time and learning rate", ("epoch_seconds", "learning_rate")),
}
_RANGE = "epoch_range"
_MANY = 6  # heads, above which only validation is shown at first


def show_curves(comparison: Comparison) -> None:
    """Show two charts and the best and last values. Every setting is part of the URL."""
    show_page_heading("Curves", escape_markdown(write_curves(comparison)))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        section = widget.segmented("Charts", [*_CHARTS], key="charts", format_func=lambda name: _CHARTS[name][0])
        settings = _choose_settings(comparison, splits=section == "metrics")
    charts = [Curves(comparison, metric, **settings) for metric in _CHARTS[section][1]]
    for column, curves in zip(st.columns(2, gap="large"), charts, strict=True):
        with column:
            show_display(curves, title=escape_markdown(curves.heading), table=False)
    _show_notes(charts)
    st.header("Best and last values", anchor=False)
    show_frame(pd.concat([cached_table(curves) for curves in charts]), words=("Metric",))
    _show_epochs(charts)


def _choose_settings(comparison: Comparison, *, splits: bool) -> dict[str, Any]:
    axes: list[XAxis] = [*get_args(XAxis)]
    bands: list[Band] = [*get_args(Band)]
    x = widget.segmented("X axis", axes, key="by")
    both = ["training", "validation"]
    default = both if len(comparison.variants) <= _MANY else ["validation"]
    names = widget.pills("Splits", both, default, key="splits") if splits else []
    own: Splits = "both" if len(names) == 2 else "training" if names == ["training"] else "validation"
    smoothing = widget.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", width=180)
    first, last = _choose_epochs(max(run.record.trained_epochs for run in comparison.runs))
    log = widget.toggle("Logarithmic y axis", key="log")
    with st.popover("Lines", icon=":material/tune:"):
        keys = {variant.key: variant.label for variant in comparison.variants}
        shown = widget.pills(
            f"{comparison.noun.capitalize()}s",
            [*keys],
            [*keys],
            key="lines",
            format_func=lambda key: escape_markdown(keys[key]),
        )
        band = widget.segmented("Band", bands, key="band", format_func=BANDS.__getitem__)
        seeds = widget.toggle("Individual seeds", key="single")
        marks = widget.toggle("Mark best epochs", True, key="marks")
    labels = tuple(label for key, label in keys.items() if key in shown)
    return {
        "x": x, "smoothing": smoothing, "log": log, "splits": own, "seeds": seeds, "band": band, "marks": marks,
        "first_epoch": first, "last_epoch": last, "shown": () if len(labels) == len(keys) else labels,
    }  # fmt: skip


def _choose_epochs(epochs: int) -> tuple[int, int | None]:
    """Return the first and the last epoch of the charts; None for the end of training."""
    if epochs < 2:
        return 1, None
    first, last = widget.range_slider("Epochs", 1, epochs, key=_RANGE, width=220)
    if (first, last) != (1, epochs):
        st.button("Show all epochs", on_click=callback(_reset), args=(epochs,), icon=":material/zoom_out_map:")
    return first, None if last == epochs else last


def _reset(epochs: int) -> None:
    st.session_state[_RANGE] = 1, epochs


def _show_notes(charts: list[Curves]) -> None:
    notes = [*dict.fromkeys(note for curves in charts for note in curves.explain())]
    if any(curves.log and curves.metric == "accuracy" for curves in charts):
        notes.append("an accuracy of 100% is drawn at half an image, because a log axis has no 0")
    if charts[0].has_splits and "training" in charts[0].own_splits:
        notes.append(
            "training accuracy is averaged over the epoch with dropout enabled, so it can be below validation accuracy"
        )
        notes.append("losses are cross-entropies without L1 and L2 penalties")
    if len(charts[0].variants) > 1:
        notes.append("click a name in the legend to hide its lines")
    st.caption(escape_markdown(write_sentences(notes)))


def _show_epochs(charts: list[Curves]) -> None:
    runs = format_plural(len(charts[0].comparison.runs), "run")
    with st.expander(f"Values of every epoch ({runs} and means)", on_change="rerun", key="curve_values") as expander:
        if expander.open:
            frames = [curves.frame().assign(metric=curves.heading) for curves in charts]
            show_frame(pd.concat(frames)[["head", "metric", *frames[0].columns[1:-1]]], rows=12)
