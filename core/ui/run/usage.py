"""Comparisons, sweeps and reports that contain a run, each with a link."""

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.sweep import name_sweep
from core.jobs.sweep_store import Sweep, list_sweeps
from core.ui import url
from core.ui.reports.listing import report_store
from core.ui.session import home, offers, select_comparison

_MAX_LINKS = 10  # of a kind


@st.cache_resource(show_spinner=False, max_entries=4)
def _list_sweeps(path: str, changed: int) -> list[tuple[Sweep, frozenset[str]]]:
    return [(sweep, frozenset(spec.run_id for spec in sweep.specs)) for sweep in list_sweeps(home())]


def _find_sweeps(run_id: str) -> list[Sweep]:
    folder = home().jobs / "sweeps"
    changed = folder.stat().st_mtime_ns if folder.is_dir() else 0
    return [sweep for sweep, ids in _list_sweeps(str(home().path), changed) if run_id in ids]


def show_usage(run_id: str) -> None:
    """Show the comparisons, sweeps and drafts of reports that contain a run."""
    comparisons = [offer for offer in offers() if run_id in offer.run_ids]
    sweeps = _find_sweeps(run_id)
    entries = [entry for entry in report_store().entries() if run_id in entry.draft.report.runs]
    for offer in comparisons:
        if st.button(
            escape_markdown(f"Comparison {offer.label} (runs: {len(offer.run_ids):,})"),
            icon=":material/balance:",
            type="tertiary",
            key=f"usage-{offer.key}",
        ):
            select_comparison(offer.key)
            url.open_page("pages/compare.py")
    for sweep in sweeps[:_MAX_LINKS]:
        st.page_link(
            "pages/jobs.py",
            label=escape_markdown(f"Sweep {name_sweep(sweep)}"),
            query_params={"followed": sweep.sweep_id},
            icon=":material/tune:",
        )
    for entry in entries[:_MAX_LINKS]:
        st.page_link(
            "pages/reports.py",
            label=escape_markdown(f"Report {entry.draft.report.title}"),
            query_params={"report": entry.draft.id},
            icon=":material/article:",
        )
    for noun, found in (("sweep", sweeps), ("report", entries)):
        if len(found) > _MAX_LINKS:
            st.caption(f"Only the newest {_MAX_LINKS} of {len(found):,} {noun}s are listed.")
    if not (comparisons or sweeps or entries):
        st.caption("No comparison, sweep or report contains this run.")
