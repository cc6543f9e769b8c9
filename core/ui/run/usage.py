"""Comparisons, sweeps, reports and their published versions that contain a run, each with a link."""

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.sweep import name_sweep
from core.jobs.comparison_choice import SAVED
from core.jobs.sweep_store import Sweep, list_sweeps
from core.reports.published_runs import find_published
from core.store.saved_comparison import list_saved
from core.ui.navigation import open_page
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
    """Show the comparisons, sweeps, drafts and published versions of reports that contain a run."""
    comparisons = [(offer.key, f"{offer.label} (runs: {len(offer.run_ids):,})") for offer in offers()
                   if run_id in offer.run_ids]  # fmt: skip
    saved = [(SAVED + one.saved_id, f"{one.name} (saved, runs: {len(one.runs):,})") for one in list_saved(home())
             if run_id in one.runs]  # fmt: skip
    sweeps, reports = _find_sweeps(run_id), report_store().entries()
    entries = [entry for entry in reports if run_id in entry.draft.report.runs]
    published = find_published(report_store(), reports, run_id)
    for key, label in [*comparisons, *saved[:_MAX_LINKS]]:
        if st.button(
            escape_markdown(f"Comparison {label}"), icon=":material/balance:", type="tertiary", key=f"usage-{key}"
        ):
            select_comparison(key)
            open_page("pages/compare.py")
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
    for entry, version in published[:_MAX_LINKS]:
        st.page_link(
            "pages/reports.py",
            label=escape_markdown(f"Report {entry.draft.report.title}, published version {version}"),
            query_params={"report": f"{entry.draft.id}-{version}"},
            icon=":material/public:",
        )
    _show_omitted("saved comparisons", len(saved))
    _show_omitted("sweeps", len(sweeps))
    _show_omitted("reports", len(entries))
    _show_omitted("published reports", len(published))
    if not (comparisons or saved or sweeps or entries or published):
        st.caption("No comparison, sweep or report contains this run.")


def _show_omitted(nouns: str, count: int) -> None:
    if count > _MAX_LINKS:
        st.caption(f"Only the newest {_MAX_LINKS} of {count:,} {nouns} are listed.")
