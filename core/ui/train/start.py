"""Summary before training: cost, estimated time, cached runs, and the start button."""

import pandas as pd
import streamlit as st

from core.actions.job import train_runs, train_sweep
from core.architecture.model import Model
from core.displays.markdown import escape_markdown
from core.displays.number import format_count, format_short
from core.displays.sweep import build_plan_table, describe_estimate, describe_plan, list_problems
from core.errors import HeadroomError
from core.home import describe_error, hide_paths
from core.installation import find_training_problem
from core.jobs.sweep_plan import SweepPlan, list_idle, plan_sweep
from core.jobs.sweep_store import MAX_BUDGET_MINUTES
from core.models.before_training import list_training_messages
from core.plural import format_plural
from core.spec import HEADS
from core.ui import url, widget
from core.ui.access import action_button, check_permission
from core.ui.display import show_frame
from core.ui.jobs.sweep import open_estimator, open_sweep_view
from core.ui.navigation import open_page
from core.ui.session import compare_with_siblings, home, store
from core.ui.submission import submit_from_page
from core.ui.train.form import Choice

url.register("budget")

_TABLE_ROWS = 12


def show_view_only() -> None:
    """Show that this installation cannot train, if so."""
    if problem := find_training_problem():
        st.info(escape_markdown(problem), icon=":material/visibility:")


def show_start(choice: Choice) -> SweepPlan | None:
    """Show the summary and the start button; return the plan of a sweep."""
    st.header("Summary", anchor=False)
    if not choice.specs:
        if choice.problem:
            st.write("Correct the value that is marked in the form.")
        else:
            st.write(escape_markdown(choice.next_step))
        return None
    try:
        plan = plan_sweep(home(), choice.specs, store(), open_estimator())
    except HeadroomError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return None
    for message in list_training_messages(home(), [run.spec for run in plan.of("to train")]):
        st.caption(escape_markdown(hide_paths(message)))
    if choice.values is None:
        _show_runs(plan)
        return None
    _show_sweep(choice, plan)
    return plan


def _show_runs(plan: SweepPlan) -> None:
    show_frame(_build_cost_table({run.spec.head: run.model for run in plan.members if run.model}))
    for problem in list_problems(plan):
        st.error(escape_markdown(problem), icon=":material/error:")
    cached, in_progress, todo = plan.of("cached"), plan.of("in progress"), plan.of("to train")
    if cached:
        st.success(_describe_trained(len(cached), len(plan.members)), icon=":material/bolt:")
    if in_progress:
        runs = format_plural(len(plan.members), "run")
        st.info(f"{len(in_progress)} of {runs} in progress; see above.", icon=":material/hourglass_top:")
    if todo:
        st.write(escape_markdown(describe_estimate(plan)))
        if _show_train_button(f"Train {format_plural(len(todo), 'run')}"):
            submit_from_page(train_runs, [run.spec for run in plan.members if run.state != "invalid"])
            st.rerun()
    elif cached and st.button("Show comparison", type="primary", icon=":material/balance:", width="stretch"):
        compare_with_siblings(run.spec.run_id for run in cached)
        open_page("pages/compare.py")


def _describe_trained(trained: int, total: int) -> str:
    if trained == total:
        return "This run is already trained." if total == 1 else f"All {total:,} runs are already trained."
    return f"{trained:,} of {total:,} runs {'is' if trained == 1 else 'are'} already trained."


def _show_sweep(choice: Choice, plan: SweepPlan) -> None:
    values = choice.values or {}
    budget = widget.optional_number(
        "Time limit (minutes)",
        1,
        MAX_BUDGET_MINUTES,
        key="budget",
        placeholder="none",
        help="No new runs start after this time; running ones finish.",
    )
    counts = [("To train", "to train"), ("Cached", "cached"), ("In progress", "in progress"), ("Invalid", "invalid")]
    with st.container(horizontal=True):
        for label, state in counts:
            if plan.of(state) or state in ("to train", "cached"):
                st.metric(label, f"{len(plan.of(state)):,}", width="content")
    late = plan.count_late(budget) if budget else 0
    if late:
        st.warning(escape_markdown(describe_plan(plan, budget)), icon=":material/timer:")
    for message in [*list_idle(choice.specs, values), *list_problems(plan)]:
        st.caption(escape_markdown(message))
    todo = plan.of("to train")
    if todo:
        st.write(escape_markdown(describe_estimate(plan)))
    label = f"Train {format_plural(len(todo), 'run')}" if todo else "Show sweep"
    if _show_train_button(label):
        specs = [run.spec for run in plan.members if run.state != "invalid"]
        open_sweep_view(submit_from_page(train_sweep, choice.recipe, values, specs, budget).sweep_id)


def _show_train_button(label: str) -> bool:
    clicked = action_button(train_runs, label, type="primary", icon=":material/play_arrow:", width="stretch")
    return not find_training_problem() and check_permission(train_runs) and clicked


def show_grid(choice: Choice, plan: SweepPlan) -> None:
    """Show every run of a planned sweep."""
    st.header("Sweep runs", anchor=False)
    st.caption(escape_markdown(describe_plan(plan, st.session_state.get("budget"))))
    table = build_plan_table(plan, list(choice.values or {}), st.session_state.get("budget"))
    show_frame(table, rows=_TABLE_ROWS, words=("Status",))


def _build_cost_table(models: dict[str, Model]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Head": HEADS[head].label,
            "Parameters": format_count(model.params),
            "FLOPs per image": format_short(model.flops),
        }
        for head, model in sorted(models.items(), key=lambda item: HEADS[item[0]].order)
    )
