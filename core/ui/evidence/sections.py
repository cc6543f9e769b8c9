"""Sections of the Evidence page; only the selected section is computed and drawn."""

from collections.abc import Callable
from typing import get_args

import streamlit as st

from core.analysis.convergence import choose_target
from core.displays.headline import write_headline, write_interval_note
from core.displays.markdown import escape_markdown
from core.displays.views.calibration import CalibrationErrors
from core.displays.views.confidence import Confidence
from core.displays.views.convergence import Convergence
from core.displays.views.difference import HeadDifference, Margin
from core.displays.views.intervals import Intervals
from core.displays.views.reliability import Reliability
from core.displays.views.significance import Significance
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import cached_description, cached_result, show_display, show_table
from core.ui.evidence.activation_maps import show_activation_maps
from core.ui.evidence.agreement import show_agreement
from core.ui.evidence.checks import show_checks
from core.ui.evidence.cost import show_cost
from core.ui.evidence.hyperparameters import show_hyperparameters
from core.ui.evidence.metrics import show_metrics
from core.ui.evidence.robustness import show_robustness
from core.ui.heading import show_page_heading

url.register("evidence", "target", "margin")


def show_evidence(comparison: Comparison) -> None:
    """Show the section picker and the selected section."""
    show_page_heading("Evidence", escape_markdown(cached_result(comparison, write_headline)))
    if note := cached_result(comparison, write_interval_note):
        st.caption(escape_markdown(note))
    section = widget.segmented(
        "Section", [*SECTIONS], key="evidence", format_func=lambda name: SECTIONS[name][0],
        label_visibility="collapsed",
    )  # fmt: skip
    SECTIONS[section][1](comparison)


def _show_accuracy(comparison: Comparison) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        show_display(Intervals(comparison))
    with right:
        if len(comparison.variants) < 2:
            st.header(HeadDifference.title, anchor=False)
            st.write("This comparison has only one variant. Train a second head to compare it with.")
            st.page_link("pages/train.py", label="Train another head", icon=":material/model_training:")
        else:
            _show_difference(comparison)
    if len(comparison.variants) > 1:
        significance = Significance(comparison)
        st.header(significance.title, anchor=False)
        show_table(significance)
        st.write(escape_markdown(cached_description(significance)))


def _show_difference(comparison: Comparison) -> None:
    st.header(HeadDifference.title, anchor=False)
    margin = widget.segmented(
        "Non-inferiority margin (percentage points)", [*get_args(Margin)], "1", key="margin",
        help="Non-inferiority test, Holm-corrected for all pairs. A small margin needs many test images: 380 for 1 "
        "point, even if both heads always agree.",
    )  # fmt: skip
    show_display(HeadDifference(comparison, margin), title="")


def _show_calibration(comparison: Comparison) -> None:
    st.caption(
        "Of the predictions that a calibrated head makes with 80% confidence, 80% are correct. Temperature scaling "
        "divides all logits of a model by one temperature, which is fitted on the validation images; predictions do "
        "not change. Values are measured on the test images of all seeds."
    )
    left, right = st.columns(2, gap="large")
    with left:
        show_display(Reliability(comparison))
    with right:
        show_display(CalibrationErrors(comparison))
        show_display(Confidence(comparison))


def _show_convergence(comparison: Comparison) -> None:
    default = round(100 * cached_result(comparison, choose_target))
    percent = widget.slider("Target validation accuracy (%)", 1, 100, max(default, 1), key="target", width=360)
    convergence = Convergence(comparison, percent / 100)
    st.markdown(f"**{escape_markdown(cached_description(convergence))}**")
    left, right = st.columns(2, gap="large")
    with left:
        show_display(convergence, title="Epochs to target accuracy", table=False, described=True)
    with right:
        show_display(
            Convergence(comparison, percent / 100, "seconds"), title="Training time to target accuracy", table=False,
            described=True,
        )  # fmt: skip
    show_table(convergence)
    st.caption("Each mark is one seed. The vertical bar is the mean of the seeds that reach the target.")
    st.page_link("pages/curves.py", label="View learning curves", icon=":material/show_chart:")


SECTIONS: dict[str, tuple[str, Callable[[Comparison], None]]] = {
    "accuracy": ("Accuracy", _show_accuracy),
    "metrics": ("Metrics", show_metrics),
    "checks": ("Checks", show_checks),
    "agreement": ("Agreement", show_agreement),
    "maps": ("Activation maps", show_activation_maps),
    "calibration": ("Calibration", _show_calibration),
    "convergence": ("Convergence", _show_convergence),
    "robustness": ("Robustness", show_robustness),
    "cost": ("Cost", show_cost),
    "hyperparameters": ("Hyperparameters", show_hyperparameters),
}
