"""Before the click: what a choice costs and how long it takes, what is cached already, and the button."""

import pandas as pd
import streamlit as st

from core.actions.job import train_runs, train_sweep
from core.architecture.model import Model
from core.displays.number import format_count, format_plural, format_short
from core.displays.sweep import build_plan_table, describe_estimate, describe_plan, list_problems
from core.errors import HeadroomError
from core.jobs.sweep_plan import SweepPlan, list_idle, plan_sweep
from core.jobs.sweep_store import MAX_BUDGET_MINUTES
from core.spec import HEADS
from core.ui import url, widget
from core.ui.access import act, offer, show_denial
from core.ui.display import show_frame
from core.ui.session import compare_with_siblings, home, store
from core.ui.train.form import Choice
from core.ui.train.sweep import follow, open_estimator

url.register("budget")

_TABLE_ROWS = 12


def show_start(choice: Choice) -> SweepPlan | None:
    """Returns the plan of a sweep, for the grid."""
    st.subheader("Before you start", anchor=False)
    if not choice.specs:
        st.write("Choose a dataset that is here and at least one head.")
        return None
    try:
        found = plan_sweep(home(), choice.specs, store(), open_estimator())
    except HeadroomError as error:
        st.error(str(error), icon=":material/error:")
        return None
    if choice.values is None:
        _show_runs(found)
        return None
    _show_sweep(choice, found)
    return found


def _show_runs(found: SweepPlan) -> None:
    show_frame(_cost_table({member.spec.head: member.model for member in found.members if member.model}))
    for problem in list_problems(found):
        st.error(problem, icon=":material/error:")
    total = len(found.members)
    runs = f"{format_plural(total, 'run')} {'is' if total == 1 else 'are'}"
    cached, waiting, todo = found.of("cached"), found.of("in progress"), found.of("to train")
    if cached:
        st.success(f"{len(cached)} of {runs} cached: no need to train again.", icon=":material/bolt:")
    if waiting:
        st.info(f"{len(waiting)} of {runs} under way: see above.", icon=":material/hourglass_top:")
    if todo:
        st.write(describe_estimate(found))
        if _offer(f"Train {format_plural(len(todo), 'run')}"):
            act(train_runs, [member.spec for member in found.members if member.state != "invalid"])
            st.rerun()
    elif cached and st.button("Show the comparison", type="primary", icon=":material/balance:", width="stretch"):
        compare_with_siblings(cached[0].spec.run_id)
        url.go("pages/compare.py")


def _show_sweep(choice: Choice, found: SweepPlan) -> None:
    values = choice.values or {}
    budget = widget.optional_number(
        "Budget (minutes)",
        1,
        MAX_BUDGET_MINUTES,
        key="budget",
        placeholder="none",
        help="Runs that have not begun by then are not started; what runs is trained to its end.",
    )
    counts = [("To train", "to train"), ("Cached", "cached"), ("Under way", "in progress"), ("Unfit", "invalid")]
    with st.container(horizontal=True):
        for label, state in counts:
            if found.of(state) or state in ("to train", "cached"):
                st.metric(label, f"{len(found.of(state)):,}", width="content")
    late = found.count_late(budget) if budget else 0
    if late:
        st.warning(describe_plan(found, budget), icon=":material/timer:")
    for sentence in [*list_idle(choice.specs, values), *list_problems(found)]:
        st.caption(sentence)
    todo = found.of("to train")
    if todo:
        st.write(describe_estimate(found))
    label = f"Train {format_plural(len(todo), 'run')}" if todo else "Show the sweep"
    if _offer(label):
        specs = [member.spec for member in found.members if member.state != "invalid"]
        follow(act(train_sweep, choice.recipe, values, specs, budget))
        st.rerun()


def _offer(label: str) -> bool:
    pressed = offer(train_runs, label, type="primary", icon=":material/play_arrow:", width="stretch")
    return show_denial(train_runs) and pressed


def show_grid(choice: Choice, found: SweepPlan) -> None:
    """Every member of the sweep that would be trained, or is."""
    st.subheader("The grid", anchor=False)
    st.caption(describe_plan(found, st.session_state.get("budget")))
    table = build_plan_table(found, list(choice.values or {}), st.session_state.get("budget"))
    show_frame(table, rows=_TABLE_ROWS, words=("Status",))


def _cost_table(models: dict[str, Model]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Head": HEADS[head].label,
            "Parameters": format_count(model.params),
            "FLOPs an image": format_short(model.flops),
        }
        for head, model in sorted(models.items(), key=lambda item: HEADS[item[0]].order)
    )
