"""Notices of the browser when what the user started has ended, also while another window is in front."""

import time
from typing import Any

import streamlit as st

from core.advice.status import is_advising
from core.errors import HomeError
from core.jobs.notice import Notice, list_notices
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import find_sweep
from core.ui.access import user
from core.ui.errors import handle_errors
from core.ui.session import home

_OPENED, _WATCHING = "time of the first page", "waits for notices"
_REFRESH_SECONDS = 5.0

_JS = """
export default function ({ data, parentElement }) {
  const seen = (window.headroomNotices ??= new Set());
  for (const notice of data.notices) {
    if (seen.has(notice.key)) continue;
    seen.add(notice.key);
    if ("Notification" in window && Notification.permission === "granted") {
      new Notification("Headroom", { body: notice.text, tag: notice.key });
    }
  }
  const button = parentElement.querySelector("button");
  const show = () => { button.hidden = !("Notification" in window) || Notification.permission !== "default"; };
  button.onclick = () => Notification.requestPermission().then(show);
  show();
}
"""
_CSS = """
button { all: unset; cursor: pointer; font: 14px var(--st-font); color: var(--st-link-color); }
button[hidden] { display: none; }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
"""
_component = st.components.v2.component(
    "headroom_notices", html='<button type="button" hidden>Notify me when it has ended</button>', css=_CSS, js=_JS
)


def show_browser_notices() -> None:
    """Watch for notices about what the user has started, as long as something of it is queued or running."""
    since = st.session_state.setdefault(_OPENED, time.time())
    waits = _has_started()
    if not waits and not st.session_state.get(_WATCHING):
        return
    st.session_state[_WATCHING] = True
    with st.sidebar:
        st.fragment(_watch, run_every=_REFRESH_SECONDS if waits else None)(since)


def _watch(since: float) -> None:
    with handle_errors():
        notices = [_describe(notice) for notice in list_notices(home(), since=since) if notice.by == user().name]
        _component(data={"notices": notices}, key="browser-notices")


def _describe(notice: Notice) -> dict[str, Any]:
    return {"key": notice.key, "text": notice.text}


def _has_started() -> bool:
    """Return whether the user has jobs, or a sweep with jobs, that are queued or running, or advice that is running.

    Runs with each page: it reads only names of submitters, and the sweeps and races that are in progress. A damaged job
    table is reported by the pages that show jobs.
    """
    try:
        submitters = JobQueue(home()).submitters()
    except HomeError:
        submitters = set()
    name = user().name
    sweeps = (find_sweep(home(), submitter) for submitter in submitters)
    return (
        name in submitters
        or any(sweep is not None and sweep.by == name for sweep in sweeps)
        or is_advising(home(), name)
    )
