"""Answer on the Advisor page: its text, the decision, and what it rests on."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.actions.advice import continue_advice
from core.actions.report import create_report
from core.advice.conclude import LOOKS
from core.advice.race import Race
from core.advice.race_curves import RaceProgress
from core.advice.status import estimate_more_seeds
from core.displays.advice.advice_front import AdviceFront
from core.displays.advice.decision import DecisionView
from core.displays.advice.race import RaceCurves
from core.displays.advice_display import AdviceDisplay
from core.displays.advice_progress import describe_request, write_advice_command
from core.displays.advice_text import choose_cautions, write_answer
from core.displays.markdown import escape_markdown
from core.displays.number import format_seconds
from core.displays.views.checks import Checks
from core.displays.views.cost import Costs
from core.errors import HeadroomError
from core.home import describe_error
from core.jobs.comparison_choice import RUNS
from core.plural import format_plural
from core.reports.advice_report import write_advice_report
from core.store.comparison import Comparison
from core.ui.access import act, action_button, check_permission
from core.ui.advisor.display import has_chart, show_advice_display, show_advice_table
from core.ui.advisor.race import read_progress_of, show_race_log
from core.ui.display import cached_result, show_display, show_table
from core.ui.heading import show_caveats, show_title
from core.ui.navigation import open_page
from core.ui.reports.listing import open_report
from core.ui.session import home, open_comparison, select_comparison, store


def show_answer(race: Race, heading: DeltaGenerator) -> None:
    """Show a race that has ended with an answer; its text is the title in the container `heading`."""
    seconds = _estimate_more(race.race_id, len(race.answers), store().generation, race)
    with heading:
        show_title(escape_markdown(write_answer(race, seconds)))
        st.caption(" · ".join(escape_markdown(fact) for fact in _list_facts(race)))
    progress, comparison = read_progress_of(race), _open_finalists(race)
    _show_buttons(progress, comparison, seconds)
    if comparison:
        show_caveats(cached_result(comparison, choose_cautions(race)))
    decision = DecisionView(progress)
    views: list[AdviceDisplay] = [AdviceFront(progress), RaceCurves(progress)]
    if has_chart(decision):
        views.insert(0, decision)
    left, right = st.columns(2, gap="large")
    with left:
        show_advice_display(views[0], table=False)
    with right:
        show_advice_display(views[1], table=False)
    st.header("Candidates", anchor=False)
    show_advice_table(decision, ("Result", "Evidence"))
    left, right = st.columns(2, gap="large")
    with left:
        for view in views[2:]:
            show_advice_display(view, table=False)
    if comparison:
        with right:
            show_display(Costs(comparison), table=False)
        _show_checks(comparison)
    _show_reproduction(race)
    show_race_log(race)


def _show_checks(comparison: Comparison) -> None:
    label = "Fairness checks of the finalists"
    with st.expander(label, icon=":material/fact_check:", on_change="rerun", key="advice-checks") as expander:
        if expander.open:
            show_table(Checks(comparison))


@st.cache_resource(show_spinner=False, max_entries=16)
def _estimate_more(race_id: str, answers: int, generation: tuple[int, ...], _race: Race) -> float | None:
    return estimate_more_seeds(home(), _race)


def _list_facts(race: Race) -> list[str]:
    answer = race.answer
    facts = [describe_request(race), f"recipe {race.recipe}"]
    if answer and answer.runs:
        times = "once" if race.looks == 1 else f"{race.looks} times"
        facts.append(f"test images read {times}, for {format_plural(len(answer.accuracy), 'finalist')}")
    facts.append(f"{format_seconds(race.train_seconds)} of training in this race")
    return facts


def _open_finalists(race: Race) -> Comparison | None:
    """Return the comparison of the finalists. If a run was deleted, show which and return None."""
    answer = race.answer
    if answer is None or not answer.runs:
        return None
    try:
        return open_comparison(answer.runs)
    except HeadroomError as error:
        st.warning(escape_markdown(describe_error(error)), icon=":material/link_off:")
        return None


def _show_buttons(progress: RaceProgress, comparison: Comparison | None, seconds: float | None) -> None:
    race = progress.race
    answer = race.answer
    label = _name_continuation(race, seconds)
    with st.container(horizontal=True):
        continued = bool(label) and action_button(
            continue_advice, label, type="primary", icon=":material/play_arrow:",
            help="The time budget starts again. Nothing is trained twice.",
        )  # fmt: skip
        if comparison and answer:
            if st.button("Compare finalists", icon=":material/balance:", type="secondary" if label else "primary"):
                select_comparison(RUNS + ",".join(answer.runs))
                open_page("pages/compare.py")
            if action_button(create_report, "Save as report", icon=":material/note_add:"):
                open_report(act(create_report, write_advice_report(progress, comparison)).id)
    check_permission(continue_advice)
    if continued:
        act(continue_advice, race.race_id)
        st.rerun()


def _name_continuation(race: Race, seconds: float | None) -> str:
    """Return the label of the button that continues a race; empty if it cannot be continued."""
    answer = race.answer
    if answer is None or answer.state != "undecided" or race.looks >= LOOKS:
        return ""
    if not answer.runs:
        return "Continue"
    if not answer.more_seeds:
        return ""
    duration = f" (about {format_seconds(seconds)})" if seconds else ""
    return f"Train {format_plural(answer.more_seeds, 'more seed')} per finalist{duration}"


def _show_reproduction(race: Race) -> None:
    label = "Reproduce this answer"
    with st.expander(label, icon=":material/terminal:", on_change="rerun", key="advice-command") as expander:
        if expander.open:
            st.code(write_advice_command(race), language="bash")
            st.caption("In a home with these runs, the answer is the same and nothing is trained again.")
