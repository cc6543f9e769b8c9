"""The Advisor page: the form with its plan, or the race of the link."""

import time

import streamlit as st

from core.advice.race import Race, list_damaged_races, list_races, open_race
from core.displays.advice_progress import describe_request
from core.displays.advice_text import write_answer
from core.displays.markdown import escape_markdown
from core.displays.progress import describe_age
from core.home import hide_paths
from core.plural import format_plural
from core.ui import url, widget
from core.ui.advisor.answer import show_answer
from core.ui.advisor.form import ask_question
from core.ui.advisor.plan import show_candidates, show_plan
from core.ui.advisor.race import show_race
from core.ui.errors import handle_errors
from core.ui.heading import show_summary, show_title
from core.ui.job_queue import show_damaged_jobs
from core.ui.navigation import open_page
from core.ui.session import home

url.register("advice")

_PAGE = "pages/advisor.py"
_MAX_LISTED = 5
_ICONS = {"running": ":material/hourglass_top:", "paused": ":material/pause_circle:", "failed": ":material/error:",
          "answered": ":material/check_circle:"}  # fmt: skip


def show_advisor() -> None:
    """Show the race of the link, or the form."""
    if "advice" in st.query_params:
        _show_selected()
    else:
        _show_form()


def _show_form() -> None:
    show_title("Advisor")
    show_summary("Which head should I use? Candidates race against each other; those that cannot win stop early.")
    _show_damaged()
    readable = show_damaged_jobs()
    _show_earlier(list_races(home()))
    left, right = st.columns([3, 2], gap="large")
    with left, handle_errors():
        question = ask_question()
    plan = None
    if readable:
        with right, handle_errors():
            plan = show_plan(question)
    if plan:
        show_candidates(plan)


def _show_damaged() -> None:
    for message in list_damaged_races(home()).values():
        st.warning(escape_markdown(hide_paths(message)), icon=":material/warning:")


def _show_earlier(races: list[Race]) -> None:
    """Show the races that are running or paused, and those that have ended in an expander."""
    working = [race for race in races if race.state in ("running", "paused")]
    for race in working:
        _show_link(race)
    if ended := [race for race in races if race not in working]:
        with st.expander(f"Earlier answers: {len(ended):,}", icon=":material/history:", key="earlier"):
            for race in ended[:_MAX_LISTED]:
                _show_link(race)
            if ended[_MAX_LISTED:]:
                st.caption("Run `headroom advise` for the complete list.")


def _show_link(race: Race) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        ended = race.state in ("answered", "failed")
        text = (
            write_answer(race) if ended else f"{race.recipe}, started {_describe_age(race)}: {describe_request(race)}"
        )
        st.markdown(f"{_ICONS[race.state]} {escape_markdown(text)}", width="stretch")
        if st.button("View", key=f"view-{race.race_id}", width="content"):
            open_page(_PAGE, {"advice": race.race_id})


def _show_selected() -> None:
    races = {race.race_id: race for race in list_races(home())}
    heading = st.container(gap="small")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        selected = widget.item(
            "Advice", [*races], key="advice", format_func=lambda race_id: _name(races[race_id]), gone="Advice",
            label_visibility="collapsed", width=420,
        )  # fmt: skip
        if st.button("New advice", icon=":material/add:", width="content"):
            open_page(_PAGE)
    with handle_errors():
        race = open_race(home(), selected) if selected else None
        if race and race.state == "answered":
            show_answer(race, heading)
            return
        with heading:
            show_title("Advisor")
        if race:
            show_race(race)


def _name(race: Race) -> str:
    """Return a name that is unique and stays the same, because the browser returns it for the selected option."""
    return f"{race.recipe}, {format_plural(len(race.candidates), 'candidate')} ({race.race_id})"


def _describe_age(race: Race) -> str:
    return describe_age(max(time.time() - race.started_at, 0.0))
