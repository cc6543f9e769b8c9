"""Metrics section of the Evidence page: averages, metrics of each class, and curves of one class."""

from collections.abc import Callable

import streamlit as st

from core.analysis.class_metrics import CLASS_METRICS, choose_class
from core.displays.class_curve import MAX_TOGETHER, ClassCurve
from core.displays.markdown import escape_markdown
from core.displays.views.averages import Averages
from core.displays.views.class_metrics import METRIC_TITLES, ClassMetrics
from core.displays.views.precision_recall import PrecisionRecall
from core.displays.views.roc import Roc
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import cached_display_result, cached_result, show_display, show_table

url.register("metrics", "class_metric", "curve_class", "curve")


def show_metrics(comparison: Comparison) -> None:
    """Show the averages of each head, one metric per class, or the ROC and precision-recall curves of a class."""
    view = widget.segmented(
        "Metrics", [*_VIEWS], key="metrics", format_func=lambda name: _VIEWS[name][0], label_visibility="collapsed"
    )
    _VIEWS[view][1](comparison)


def _show_averages(comparison: Comparison) -> None:
    averages = Averages(comparison)
    st.header(averages.title, anchor=False)
    show_table(averages)
    st.caption(escape_markdown(cached_display_result(averages, Averages.explain)))


def _show_classes(comparison: Comparison) -> None:
    st.header(ClassMetrics.title, anchor=False)
    metric = widget.segmented(
        "Metric", [*CLASS_METRICS], key="class_metric", format_func=METRIC_TITLES.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip
    metrics = ClassMetrics(comparison, metric)
    if len(comparison.labels) > MAX_TOGETHER:
        show_display(metrics, title="")
        return
    left, right = st.columns(2, gap="large")
    with left:
        show_display(metrics, title="", table=False)
    with right:
        show_table(metrics)


def _show_curves(comparison: Comparison) -> None:
    classes = comparison.first.record.data.classes
    st.header("Curves over all thresholds", anchor=False)
    label = widget.selectbox(
        "Class against the rest", range(len(classes)), cached_result(comparison, choose_class), key="curve_class",
        format_func=classes.__getitem__, width=240,
        help="By default the positive class, or the class whose average precision differs most between the heads.",
    )  # fmt: skip
    kinds: tuple[type[ClassCurve], ...] = (Roc, PrecisionRecall)
    displays = {kind.name: kind(comparison, label) for kind in kinds}
    if len(comparison.labels) > MAX_TOGETHER:  # one panel per head
        name = widget.segmented("Curve", [*displays], key="curve", format_func=lambda name: displays[name].title)
        show_display(displays[name], title="", table=False)
        show_table(displays[name])
        return
    for column, display in zip(st.columns(2, gap="large"), displays.values(), strict=True):
        with column:
            show_display(display, table=False)
            show_table(display)


_VIEWS: dict[str, tuple[str, Callable[[Comparison], None]]] = {
    "averages": ("Averages", _show_averages),
    "classes": ("Per class", _show_classes),
    "curves": ("ROC and precision-recall", _show_curves),
}
