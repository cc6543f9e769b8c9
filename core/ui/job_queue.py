"""Job queue controls that several pages share."""

import time

import streamlit as st

from core.actions.job import process_queue, resume_queue, revive_queue
from core.displays.markdown import escape_markdown
from core.displays.progress import describe_age
from core.errors import HomeError
from core.home import describe_error, hide_paths
from core.jobs.batch import list_finished_together
from core.jobs.damaged import list_damaged_jobs
from core.jobs.health import read_health
from core.jobs.queue import JobQueue
from core.ui.access import act, action_button, denial_reason
from core.ui.navigation import open_page
from core.ui.session import compare_with_siblings, home, store


def show_damaged_jobs() -> bool:
    """Show the jobs and sweeps that cannot be read. Return whether the queue can be read; otherwise show why not."""
    try:
        messages = list_damaged_jobs(home())
    except HomeError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return False
    if messages:
        with st.expander(f"Damaged jobs and sweeps: {len(messages):,}", icon=":material/warning:"):
            for message in messages:
                st.text(hide_paths(message))
    return True


def start_queued_jobs() -> None:
    """Start the dispatcher if jobs are queued and the user may start jobs."""
    if not denial_reason(process_queue):
        act(process_queue)


def show_pause() -> bool:
    """Return whether the queue is paused; show a message and the button to unpause it if so."""
    pause = JobQueue(home()).paused()
    if pause is None:
        return False
    by = f" by {escape_markdown(pause.submitted_by)}" if pause.submitted_by else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        age = describe_age(time.time() - pause.since)
        st.warning(f"The queue was paused {age}{by}. No new jobs start.", icon=":material/pause_circle:")
        if action_button(
            resume_queue, "Unpause queue", type="primary", icon=":material/play_arrow:", key="unpause", width="content"
        ):
            act(resume_queue)
            st.rerun()
    return True


def show_dispatcher_health() -> None:
    """Show why no job starts, with the button to start the dispatcher, if there is a problem."""
    if message := read_health(home()):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(escape_markdown(message), icon=":material/heart_broken:")
            show_revive_button("Start dispatcher", key="revive")


def show_revive_button(label: str, *, key: str) -> None:
    """Show the button that starts the dispatcher and restarts running jobs without a sign of life."""
    if action_button(
        revive_queue,
        label,
        icon=":material/restart_alt:",
        key=key,
        width="content",
        help="Restarts all running jobs without a sign of life from their last checkpoints.",
    ):
        act(revive_queue)
        st.rerun()


def show_comparison_button(run_id: str) -> None:
    """Show a button that opens the comparison of a finished run and of the runs that were submitted together with it,
    unless the run was deleted."""
    if store().path(run_id) and st.button("Show results", key=f"show-{run_id}", width="content"):
        compare_with_siblings(list_finished_together(store(), run_id))
        open_page("pages/compare.py")
