"""Notice that jobs have ended, with the button that opens their comparison."""

import time
from collections.abc import Iterable

import streamlit as st

from core.displays.label import shorten
from core.displays.markdown import escape_markdown
from core.jobs.batch import EndedBatch, find_ended, list_latest_batch, name_recipe
from core.jobs.comparison_list import find_listed
from core.jobs.queue import JobQueue
from core.plural import format_plural
from core.ui.comparison_list import find_all_listed
from core.ui.errors import handle_errors
from core.ui.navigation import open_page
from core.ui.session import compare_with_siblings, home, store

_STARTED, _ENDED = "started runs", "ended runs"
_REFRESH_SECONDS = 3.0
_RECENT_SECONDS = 86_400.0
_NAME_CHARS = 90
_JOB_PAGES = ("Train", "Jobs")  # they show the latest batch themselves


def note_started(run_ids: Iterable[str]) -> None:
    """Note the runs that this session has submitted together. It is notified when they have ended.

    Runs that have all ended, because they are cached, are not noted, nor are those of a noted submission again.
    """
    submitted, noted = tuple(run_ids), st.session_state.setdefault(_STARTED, [])
    if find_ended(store(), submitted) is None and not any(set(submitted) <= set(known) for known in noted):
        noted.append(submitted)


def show_finished_notice(page: str) -> None:
    """Show in the sidebar which jobs of this session have ended, until they are opened or dismissed."""
    if page in _JOB_PAGES or not (st.session_state.get(_STARTED) or st.session_state.get(_ENDED)):
        return
    with st.sidebar:
        st.fragment(_watch, run_every=_REFRESH_SECONDS if st.session_state.get(_STARTED) else None)()


def _watch() -> None:
    with handle_errors():
        started, ended = st.session_state.setdefault(_STARTED, []), st.session_state.setdefault(_ENDED, [])
        for run_ids in [*started]:
            if batch := find_ended(store(), run_ids):
                started.remove(run_ids)
                ended.append(batch)
                st.toast(escape_markdown(_describe(batch)), icon=":material/check_circle:")
        for batch in [*ended]:
            name = hash(batch.run_ids)  # not its position, which changes when another one is dismissed
            with st.container(border=True, gap="small", key=f"ended-{name}"):
                st.markdown(f"**{escape_markdown(_describe(batch))}**")
                with st.container(horizontal=True):
                    opened = _show_compare_button(batch, key=f"compare-ended-{name}")
                    dismissed = st.button("Dismiss", type="tertiary", key=f"dismiss-ended-{name}")
            if opened or dismissed:
                ended.remove(batch)
            if opened:
                _open(batch)
            if dismissed:
                st.rerun(scope="fragment")


def show_latest_batch() -> None:
    """Show on a page of jobs that the latest batch has ended, with the button that opens its comparison.

    While other jobs run, the page shows those: the notice is in the sidebar of the other pages.
    """
    if JobQueue(home()).unfinished():
        return
    for name in (_STARTED, _ENDED):  # seen here
        kept = [ids for ids in st.session_state.get(name, []) if name == _STARTED and not find_ended(store(), ids)]
        st.session_state[name] = kept
    jobs = list_latest_batch(home(), time.time() - _RECENT_SECONDS)
    batch = find_ended(store(), [job.run_id for job in jobs]) if jobs else None
    if batch is None or not batch.finished:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="latest-batch"):
        st.success(escape_markdown(_describe(batch)), icon=":material/check_circle:", width="stretch")
        if _show_compare_button(batch, key="compare-latest"):
            _open(batch)


def _describe(batch: EndedBatch) -> str:
    """Return "Finished: 4 runs of digits-heads." with the number of runs that have no results."""
    runs, name = format_plural(len(batch.run_ids), "run"), _name(batch)
    if not batch.lost:
        return f"Finished: {runs} of {name}."
    return f"Finished: {len(batch.finished):,} of {runs} of {name}. {batch.lost:,} failed or cancelled."


def _name(batch: EndedBatch) -> str:
    """Return the label of the comparison that contains the finished runs, or the recipe of the jobs."""
    listed = find_all_listed(store())
    key = find_listed(listed, batch.finished) if batch.finished else ""
    if found := next((one for one in listed if one.key == key), None):
        return shorten(f"{'sweep ' if found.group == 'sweep' else ''}{found.label}", _NAME_CHARS)
    job = JobQueue(home()).job(batch.run_ids[0])
    return name_recipe(job) if job else "this selection"


def _show_compare_button(batch: EndedBatch, *, key: str) -> bool:
    if not batch.finished:
        return False
    return st.button("Compare", icon=":material/balance:", type="primary", key=key, width="content")


def _open(batch: EndedBatch) -> None:
    compare_with_siblings(batch.finished)
    open_page("pages/compare.py")
