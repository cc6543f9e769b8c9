"""Plan on the Advisor page, before anything is trained: candidates, schedule, estimated time, and the start button."""

import streamlit as st

from core.actions.advice import start_advice
from core.advice.make_plan import make_plan
from core.advice.plan import AdvicePlan
from core.advice.race import make_race
from core.advice.race_curves import RaceProgress
from core.displays.advice.candidates import Candidates
from core.displays.advice.schedule import Schedule
from core.displays.advice_text import describe_advice_plan, describe_advice_time
from core.displays.markdown import escape_markdown
from core.errors import HeadroomError
from core.home import describe_error, hide_paths
from core.models.before_training import list_training_messages
from core.plural import format_plural
from core.ui.access import act, action_button, check_permission
from core.ui.advisor.display import show_advice_display, show_advice_table
from core.ui.advisor.form import Question
from core.ui.jobs.sweep import open_estimator
from core.ui.navigation import open_page
from core.ui.session import home, store


def show_plan(question: Question | None) -> AdvicePlan | None:
    """Show the summary of the plan, its warning and the start button. Return None if there is no plan."""
    st.header("Plan", anchor=False)
    if question is None:
        st.write("Correct the values that are marked in the form.")
        return None
    try:
        plan = _make(str(home().path), store().generation, repr(question), question)
    except HeadroomError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return None
    st.write(escape_markdown(describe_advice_plan(plan)))
    if plan.warning:
        st.warning(escape_markdown(plan.warning), icon=":material/warning:")
    for message in list_training_messages(home(), [candidate.parsed_spec for candidate in plan.allowed]):
        st.caption(escape_markdown(hide_paths(message)))
    st.write(escape_markdown(describe_advice_time(plan)))
    clicked = action_button(
        start_advice, f"Start with {format_plural(len(plan.allowed), 'candidate')}", type="primary",
        icon=":material/play_arrow:", width="stretch",
    )  # fmt: skip
    if check_permission(start_advice) and clicked:
        open_page("pages/advisor.py", {"advice": act(start_advice, plan).race_id})
    st.caption(
        "Candidates that cannot win are dropped early, by their validation accuracy. The test images are read once, to "
        "compare the finalists. It runs in the background and respects the time budget."
    )
    with st.container(border=False):
        show_advice_display(Schedule(RaceProgress(make_race(plan, 0.0))), table=False)
    return plan


def show_candidates(plan: AdvicePlan) -> None:
    """Show all candidates with their costs, and which limits exclude them."""
    candidates = Candidates(RaceProgress(make_race(plan, 0.0)))
    show_advice_display(candidates, table=False)
    show_advice_table(candidates, words=("Status",))


@st.cache_resource(show_spinner="Computing the costs of the candidates…", max_entries=16)
def _make(path: str, generation: tuple[int, ...], question: str, _question: Question) -> AdvicePlan:
    given = _question
    parts = given.recipe, given.request, given.heads, given.values, given.changes
    return make_plan(home(), *parts, store(), open_estimator())
