"""Hyperparameters section of the Evidence page: accuracy by hyperparameter, and parallel coordinates."""

import streamlit as st

from core.displays.views.hyperparameter_curve import HyperparameterCurve
from core.displays.views.parallel import Parallel
from core.plural import format_plural
from core.spec import SETTINGS
from core.store.comparison import Comparison
from core.store.same_test_set import RunsOnTestSet
from core.ui import url, widget
from core.ui.display import cached_chart_spec, cached_description, draw_spec, show_data_table, show_display, show_frame
from core.ui.errors import callback
from core.ui.evidence.test_set_runs import find_test_set_runs, list_varied_settings
from core.ui.session import compare_runs

url.register("setting", "setting_runs")

_SCOPES = {"all": "all on this test set", "own": "this comparison"}


def show_hyperparameters(comparison: Comparison) -> None:
    """Show accuracy by hyperparameter and parallel coordinates of the selected runs."""
    scope = widget.segmented("Runs", [*_SCOPES], key="setting_runs", format_func=_SCOPES.__getitem__)
    test_set_runs = find_test_set_runs(comparison, own=scope == "own")
    _show_curve(comparison, test_set_runs)
    _show_parallel(Parallel(comparison, test_set_runs))


def _show_curve(comparison: Comparison, test_set_runs: RunsOnTestSet) -> None:
    st.header(HyperparameterCurve.title, anchor=False)
    settings = list_varied_settings(test_set_runs)
    if not settings:
        st.write(
            "No two of these runs differ in exactly one hyperparameter. Run a sweep to train the same head with "
            "several values of a hyperparameter."
        )
        st.page_link("pages/train.py", label="Sweep a hyperparameter", icon=":material/model_training:")
        return
    setting = widget.selectbox(
        "Hyperparameter", settings, key="setting", format_func=lambda name: SETTINGS[name].label, width=260
    )
    show_display(HyperparameterCurve(comparison, test_set_runs, setting), title="")


def _show_parallel(parallel: Parallel) -> None:
    st.header(parallel.title, anchor=False)
    # a chart with selection events is redrawn in every script run, so its specification is cached
    event = draw_spec(cached_chart_spec(parallel), cached_description(parallel), "setting_lines", on_select="rerun")
    ids = parallel.select(event["selection"].get("brush", {}))
    if ids:
        _show_selected_lines(parallel, ids)
    show_data_table(parallel)


def _show_selected_lines(parallel: Parallel, ids: list[str]) -> None:
    runs = format_plural(len(ids), "run")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.write(f"{runs} selected.")
        st.button(
            f"Compare {runs}", on_click=callback(compare_runs), args=(ids,), key="compare_selected", type="primary"
        )
    table = parallel.tabulate(ids)
    show_frame(table, rows=10, run_ids=table["Run"].tolist())
