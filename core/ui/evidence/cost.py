"""Cost section of the Evidence page: cost per head, and accuracy against cost of all runs on the test set."""

import streamlit as st

from core.analysis.cost import COSTS
from core.displays.cost_format import COST_FORMS, FLOPS_HELP
from core.displays.markdown import escape_markdown
from core.displays.views.cost import Costs
from core.displays.views.front import Front
from core.displays.views.pareto import Pareto
from core.plural import format_plural
from core.store.comparison import Comparison
from core.ui import url, widget
from core.ui.display import cached_description, cached_display_result, show_display, show_table
from core.ui.evidence.awaited import show_awaited
from core.ui.evidence.test_set_runs import find_test_set_runs
from core.ui.run_link import write_run_link

url.register("cost", "cost_log")


def show_cost(comparison: Comparison) -> None:
    """Show the cost per head, the Pareto front and the marginal cost of accuracy."""
    costs = Costs(comparison)
    show_awaited(comparison)
    st.markdown(f"**{escape_markdown(cached_display_result(costs, Costs.describe))}**")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header(costs.title, anchor=False)
        show_table(costs)
        st.caption(FLOPS_HELP)
    with right:
        show_display(
            costs,
            title=f"Relative to the cheapest {costs.comparison.noun}",
            table=False,
            described=True,
        )
    test_set_runs = find_test_set_runs(comparison)
    st.header(Pareto.title, anchor=False)
    runs = format_plural(len(test_set_runs.runs), "finished run")
    st.caption(f"{runs} on the same test set, including runs of other comparisons. Click a run to open it.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cost = widget.selectbox("Cost", COSTS, key="cost", format_func=lambda name: COST_FORMS[name].label, width=340)
        log = widget.toggle("Logarithmic cost axis", True, key="cost_log")
    pareto = Pareto(comparison, test_set_runs, cost, log, write_run_link())
    show_display(pareto, title="", described=True)
    if not pareto.measured:
        st.write(escape_markdown(pareto.describe()) + ("" if costs.awaited else " New runs include it."))
        return
    front = Front(comparison, test_set_runs, cost)
    st.header(front.title, anchor=False)
    st.markdown(escape_markdown(cached_description(front)))
    show_table(front)
