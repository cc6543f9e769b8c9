"""Metrics section of the Evidence page: averages, metrics of each class, and curves of one class."""

import streamlit as st

from core.analysis.class_metrics import CLASS_METRICS, choose_class
from core.displays.markdown import escape_markdown
from core.displays.views.averages import Averages
from core.displays.views.class_metrics import METRIC_TITLES, ClassMetrics
from core.displays.views.precision_recall import PrecisionRecall
from core.displays.views.roc import Roc
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import cached_display_result, cached_result, show_display, show_table

url.register("class_metric", "curve_class")


def show_metrics(comparison: Comparison) -> None:
    """Show the averages of each head, one metric per class, and the ROC and precision-recall curves of a class."""
    averages = Averages(comparison)
    st.subheader(averages.title, anchor=False)
    show_table(averages)
    st.caption(escape_markdown(cached_display_result(averages, Averages.explain)))
    _show_classes(comparison)
    _show_curves(comparison)


def _show_classes(comparison: Comparison) -> None:
    st.subheader(ClassMetrics.title, anchor=False)
    metric = widget.segmented(
        "Metric", [*CLASS_METRICS], key="class_metric", format_func=METRIC_TITLES.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip
    metrics = ClassMetrics(comparison, metric)
    left, right = st.columns(2, gap="large")
    with left:
        show_display(metrics, title="", table=False)
    with right:
        show_table(metrics)


def _show_curves(comparison: Comparison) -> None:
    classes = comparison.first.record.data.classes
    st.subheader("Curves over all thresholds", anchor=False)
    label = widget.selectbox(
        "Class against the rest", range(len(classes)), cached_result(comparison, choose_class), key="curve_class",
        format_func=classes.__getitem__, width=240,
        help="By default the positive class, or the class whose average precision differs most between the heads.",
    )  # fmt: skip
    for column, display in zip(
        st.columns(2, gap="large"), (Roc(comparison, label), PrecisionRecall(comparison, label)), strict=True
    ):
        with column:
            show_display(display, table=False)
            show_table(display)
