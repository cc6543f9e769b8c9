"""The Cost and Knobs sections of the Evidence page: all runs on the same images, side by side."""

from urllib.parse import quote

import streamlit as st

from core.analysis.cost import COSTS
from core.analysis.hyperparameter_curve import list_hyperparameters
from core.displays.cost_format import COST_FORMS
from core.displays.number import format_plural
from core.displays.views.cost import Costs
from core.displays.views.front import Front
from core.displays.views.hyperparameter_curve import HyperparameterCurve
from core.displays.views.parallel import Parallel
from core.displays.views.pareto import Pareto
from core.spec import SETTINGS
from core.store.comparison import Comparison
from core.store.same_test_set import RunsOnTestSet
from core.ui import url, widget
from core.ui.display import show_display, show_figures, show_frame, show_sentence, show_table, write_spec
from core.ui.session import TICKED, compare_runs, home, store

url.register("cost", "cost_log", "setting", "setting_runs")

_LINK = f"compare?compare={quote(TICKED)}&runs="
_SCOPES = ("all on these images", "this comparison")


def find_test_set_runs(comparison: Comparison, *, alone: bool = False) -> RunsOnTestSet:
    """All finished runs on the images of the comparison, or its own alone; found once for the same list of runs."""
    return _find(str(home().path), store().generation, tuple(run.run_id for run in comparison.runs), alone, comparison)


@st.cache_resource(show_spinner=False, max_entries=32)
def _find(
    path: str, generation: tuple[int, ...], run_ids: tuple[str, ...], alone: bool, _comparison: Comparison
) -> RunsOnTestSet:
    return RunsOnTestSet.of(_comparison) if alone else RunsOnTestSet.within(_comparison, store().frame())


@st.cache_resource(show_spinner=False, max_entries=32)
def _list_settings(key: str, _test_set_runs: RunsOnTestSet) -> list[str]:
    return list_hyperparameters(_test_set_runs)


def show_cost(comparison: Comparison) -> None:
    costs = Costs(comparison)
    st.markdown(f"**{show_sentence(costs)}**")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(costs.title, anchor=False)
        show_table(costs)
    with right:
        show_display(costs, title="Against the cheapest head", table=False)
    test_set_runs = find_test_set_runs(comparison)
    st.subheader(Pareto.title, anchor=False)
    runs = format_plural(len(test_set_runs.runs), "finished run")
    st.caption(
        f"All {runs} that were tested on the same images, whatever comparison they belong to. Click one to open it."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cost = widget.selectbox("Cost", COSTS, key="cost", write=lambda name: COST_FORMS[name].label, width=340)
        log = widget.toggle("Logarithmic", True, key="cost_log")
    pareto = Pareto(comparison, test_set_runs, cost, log, _LINK)
    show_display(pareto, title="")
    if not pareto.measured:
        st.write(f"{show_sentence(pareto)} Runs that are trained from now on hold it.")
        return
    front = Front(comparison, test_set_runs, cost)
    st.subheader(front.title, anchor=False)
    st.markdown(show_sentence(front))
    show_table(front)


def show_settings(comparison: Comparison) -> None:
    scope = widget.segmented("Runs", _SCOPES, key="setting_runs")
    test_set_runs = find_test_set_runs(comparison, alone=scope == _SCOPES[1])
    _show_curve(comparison, test_set_runs)
    _show_parallel(Parallel(comparison, test_set_runs))


def _show_curve(comparison: Comparison, test_set_runs: RunsOnTestSet) -> None:
    st.subheader(HyperparameterCurve.title, anchor=False)
    settings = _list_settings(str(test_set_runs), test_set_runs)
    if not settings:
        st.write(
            "No two of these runs differ in one knob alone. A sweep trains one backbone and head at several values of "
            "a knob."
        )
        st.page_link("pages/train.py", label="Sweep over a knob", icon=":material/model_training:")
        return
    setting = widget.selectbox("Setting", settings, key="setting", write=lambda name: SETTINGS[name].label, width=260)
    show_display(HyperparameterCurve(comparison, test_set_runs, setting), title="")


def _show_parallel(parallel: Parallel) -> None:
    st.subheader(parallel.title, anchor=False)
    # a picture that listens is drawn at every run of the page: what builds and checks it runs once
    event = st.vega_lite_chart(
        spec=write_spec(parallel), width="stretch", alt=show_sentence(parallel), key="setting_lines", on_select="rerun"
    )
    ids = parallel.select(event["selection"].get("brush", {}))
    if ids:
        _show_chosen(parallel, ids)
    show_figures(parallel)


def _show_chosen(parallel: Parallel, ids: list[str]) -> None:
    runs = format_plural(len(ids), "run")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.write(f"{runs} chosen.")
        st.button(f"Compare {runs}", on_click=compare_runs, args=(ids,), key="compare_chosen", type="primary")
    table = parallel.tabulate(ids)
    column = st.column_config.LinkColumn("Run", display_text=r"runs=(\w+)$", width=130)
    show_frame(table.assign(Run=_LINK + table["Run"]), {"Run": column}, rows=10)
