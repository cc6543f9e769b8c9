"""The sections of the Evidence page; only the one that is looked at is computed and drawn."""

from collections.abc import Callable

import streamlit as st

from core.analysis.check import Check, Result, run_checks
from core.analysis.convergence import choose_target
from core.displays.markdown import escape_markdown
from core.displays.views.calibration import CalibrationErrors
from core.displays.views.confidence import Confidence
from core.displays.views.convergence import Convergence
from core.displays.views.difference import HeadDifference
from core.displays.views.intervals import Intervals
from core.displays.views.reliability import Reliability
from core.displays.views.significance import Significance
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import keep, show_display, show_sentence, show_table
from core.ui.evidence.activation_maps import show_activation_maps
from core.ui.evidence.all_runs import show_cost, show_settings
from core.ui.evidence.disagreement import show_disagreement
from core.ui.evidence.robustness import show_robustness
from core.ui.more_epochs import show_more

url.register("evidence", "target")

_ICONS = {"serious": ":material/error:", "warning": ":material/warning:", "note": ":material/info:"}
_REST = {"passed": ":material/check_circle:", "not applicable": ":material/do_not_disturb_on:"}


def _show_accuracy(comparison: Comparison) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        show_display(Intervals(comparison))
    with right:
        difference = HeadDifference(comparison)
        if len(comparison.variants) < 2:
            st.subheader(difference.title, anchor=False)
            st.write("There is one head. Train a second one to set it against this.")
        else:
            show_display(difference)
    if len(comparison.variants) > 1:
        significance = Significance(comparison)
        st.subheader(significance.title, anchor=False)
        st.caption(
            "It asks of two trained models whether the images that only one of them gets right are shared out more "
            "unevenly than by chance. It says nothing of models with other seeds; the interval above does."
        )
        show_table(significance)
        st.write(show_sentence(significance))


def _show_checks(comparison: Comparison) -> None:
    answers = keep(comparison, run_checks)
    failed = [answer for answer in answers if answer[1].state == "failed"]
    if not failed:
        st.success("No check found anything that could mislead.", icon=":material/check_circle:")
    for check, result in failed:
        _show_check(check, result, f"{check.title}** · {check.severity}", _ICONS[check.severity])
        if check.name == "undertrained":
            show_more(comparison, key="evidence_epochs")
    if failed and len(failed) < len(answers):
        st.subheader("What raised no doubt", anchor=False)
    for check, result in answers[len(failed) :]:
        _show_check(check, result, f"{result.state}**", _REST[result.state])


def _show_check(check: Check, result: Result, words: str, icon: str) -> None:
    with st.expander(f"**{check.code} {words} · {escape_markdown(result.message)}", icon=icon):
        st.markdown(check.explanation)


def _show_calibration(comparison: Comparison) -> None:
    st.caption(
        "A calibrated head is right in 80 % of the guesses that it makes with 80 % confidence. One temperature, fitted "
        "on the validation images, divides all logits of a model; no guess changes by it. Figures are of the test "
        "images, all seeds together."
    )
    left, right = st.columns(2, gap="large")
    with left:
        show_display(Reliability(comparison))
    with right:
        show_display(CalibrationErrors(comparison))
        show_display(Confidence(comparison))


def _show_convergence(comparison: Comparison) -> None:
    usual = round(100 * keep(comparison, choose_target))
    percent = widget.slider("Validation accuracy to reach (%)", 1, 100, max(usual, 1), key="target", width=360)
    convergence = Convergence(comparison, percent / 100)
    st.markdown(f"**{show_sentence(convergence)}**")
    left, right = st.columns(2, gap="large")
    with left:
        show_display(convergence, title="By epochs", table=False)
    with right:
        show_display(Convergence(comparison, percent / 100, "seconds"), title="By time", table=False)
    show_table(convergence)
    st.caption("Each mark is a seed, the upright stroke the mean of those that get there. Time is that of training.")
    st.page_link("pages/curves.py", label="The curves, by epoch and by time", icon=":material/show_chart:")


SECTIONS: dict[str, Callable[[Comparison], None]] = {
    "Accuracy": _show_accuracy,
    "Checks": _show_checks,
    "Disagreements": show_disagreement,
    "Activation maps": show_activation_maps,
    "Calibration": _show_calibration,
    "Convergence": _show_convergence,
    "Robustness": show_robustness,
    "Cost": show_cost,
    "Hyperparameters": show_settings,
}
