"""The Cost and Knobs sections of the Evidence page: all runs on the same images, side by side."""

from urllib.parse import quote

import streamlit as st

from core.analysis.cost import COSTS
from core.analysis.knob_curve import list_knobs
from core.displays.cost import COST_FORMS
from core.displays.number import format_plural
from core.displays.views.cost import Costs
from core.displays.views.front import Front
from core.displays.views.knob_curve import KnobCurve
from core.displays.views.parallel import Parallel
from core.displays.views.pareto import Pareto
from core.spec import KNOBS
from core.store.comparison import Comparison
from core.store.peers import Peers
from core.ui import link
from core.ui.show import show, show_figures, show_frame, show_table, tell, write_spec
from core.ui.state import TICKED, choose_runs, home, store

_LINK = f"compare?compare={quote(TICKED)}&runs="
_SCOPES = ("all on these images", "this comparison")


def find_peers(comparison: Comparison, *, alone: bool = False) -> Peers:
    """All finished runs on the images of the comparison, or its own alone; found once for the same list of runs."""
    return _find(str(home().path), store().generation, tuple(run.run_id for run in comparison.runs), alone, comparison)


@st.cache_resource(show_spinner=False, max_entries=32)
def _find(
    path: str, generation: tuple[int, ...], run_ids: tuple[str, ...], alone: bool, _comparison: Comparison
) -> Peers:
    return Peers.of(_comparison) if alone else Peers.within(_comparison, store().frame())


@st.cache_resource(show_spinner=False, max_entries=32)
def _list_knobs(key: str, _peers: Peers) -> list[str]:
    return list_knobs(_peers)


def show_cost(comparison: Comparison) -> None:
    costs = Costs(comparison)
    st.markdown(f"**{tell(costs)}**")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(costs.title, anchor=False)
        show_table(costs)
    with right:
        show(costs, title="Against the cheapest head", table=False)
    peers = find_peers(comparison)
    st.subheader(Pareto.title, anchor=False)
    runs = format_plural(len(peers.runs), "finished run")
    st.caption(
        f"All {runs} that were tested on the same images, whatever comparison they belong to. Click one to open it."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cost = link.selectbox("Cost", COSTS, key="cost", write=lambda name: COST_FORMS[name].label, width=340)
        log = link.toggle("Logarithmic", True, key="cost_log")
    pareto = Pareto(comparison, peers, cost, log, _LINK)
    show(pareto, title="")
    if not pareto.measured:
        st.write(f"{tell(pareto)} Runs that are trained from now on hold it.")
        return
    front = Front(comparison, peers, cost)
    st.subheader(front.title, anchor=False)
    st.markdown(tell(front))
    show_table(front)


def show_knobs(comparison: Comparison) -> None:
    scope = link.segmented("Runs", _SCOPES, key="knob_runs")
    peers = find_peers(comparison, alone=scope == _SCOPES[1])
    _show_curve(comparison, peers)
    _show_parallel(Parallel(comparison, peers))


def _show_curve(comparison: Comparison, peers: Peers) -> None:
    st.subheader(KnobCurve.title, anchor=False)
    knobs = _list_knobs(str(peers), peers)
    if not knobs:
        st.write(
            "No two of these runs differ in one knob alone. A sweep trains one backbone and head at several values of "
            "a knob."
        )
        st.page_link("pages/train.py", label="Sweep over a knob", icon=":material/model_training:")
        return
    knob = link.selectbox("Knob", knobs, key="knob", write=lambda name: KNOBS[name].label, width=260)
    show(KnobCurve(comparison, peers, knob), title="")


def _show_parallel(parallel: Parallel) -> None:
    st.subheader(parallel.title, anchor=False)
    # a picture that listens is drawn at every run of the page: what builds and checks it runs once
    event = st.vega_lite_chart(
        spec=write_spec(parallel), width="stretch", alt=tell(parallel), key="knob_lines", on_select="rerun"
    )
    ids = parallel.select(event["selection"].get("brush", {}))
    if ids:
        _show_chosen(parallel, ids)
    show_figures(parallel)


def _show_chosen(parallel: Parallel, ids: list[str]) -> None:
    runs = format_plural(len(ids), "run")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.write(f"{runs} chosen.")
        st.button(f"Compare {runs}", on_click=choose_runs, args=(ids,), key="compare_chosen", type="primary")
    table = parallel.tabulate(ids)
    column = st.column_config.LinkColumn("Run", display_text=r"runs=(\w+)$", width=130)
    show_frame(table.assign(Run=_LINK + table["Run"]), {"Run": column}, rows=10)
