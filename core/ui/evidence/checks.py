"""Checks section of the Evidence page: failed, passed and not applicable fairness checks."""

import streamlit as st

from core.analysis.check import Check, Result, run_checks
from core.displays.markdown import escape_markdown
from core.store.comparison import Comparison
from core.ui.display import cached_result
from core.ui.evidence.leaked_images import show_check_images
from core.ui.more_epochs import show_more_epochs
from core.ui.runs.train_again import show_keep_best

_ICONS = {"serious": ":material/error:", "warning": ":material/warning:", "note": ":material/info:"}
_OTHER = {
    "passed": ("Passed checks", ":material/check_circle:"),
    "not applicable": ("Not applicable", ":material/do_not_disturb_on:"),
}


def show_checks(comparison: Comparison) -> None:
    """Show the results of all checks, failed ones first."""
    results = cached_result(comparison, run_checks)
    failed = [(check, result) for check, result in results if result.state == "failed"]
    if failed:
        st.header("Failed checks", anchor=False)
    else:
        st.success("No check failed.", icon=":material/check_circle:")
    for check, result in failed:
        _show_check(comparison, check, result, f"{check.title}** · {check.severity}", _ICONS[check.severity])
        overfitted = any(other.name == "overfitting" for other, _ in failed)
        if check.name == "undertrained" and not overfitted:  # only more epochs would add to the overfitting
            show_more_epochs(comparison, key="evidence_epochs")
        if check.name == "overfitting":
            show_keep_best(comparison)
    for state, (title, icon) in _OTHER.items():
        selected = [(check, result) for check, result in results if result.state == state]
        if selected:
            st.header(title, anchor=False)
        for check, result in selected:
            _show_check(comparison, check, result, f"{state}**", icon)


def _show_check(comparison: Comparison, check: Check, result: Result, heading: str, icon: str) -> None:
    text = f"**{check.code} {heading} · {escape_markdown(result.message)}"
    if not check.findings:
        with st.expander(text, icon=icon):
            st.markdown(check.explanation)
        return
    opened = check.name == "leak" and result.state == "failed"
    with st.expander(text, opened, icon=icon, on_change="rerun", key=f"check-{check.name}-{opened}") as fold:
        if fold.open:
            st.markdown(check.explanation)
            show_check_images(comparison, check)
