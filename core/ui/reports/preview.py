"""Document of a draft as it would be published now, cached for the same report and runs."""

import streamlit as st

from core.errors import ReportError
from core.reports.build import build_document, build_section, open_report_comparison
from core.reports.document import Document, Figure, Passage
from core.reports.report import ChartBlock, Report, TextBlock
from core.store.comparison import Comparison
from core.ui.display import list_run_versions
from core.ui.session import home, read_notes, store


def build_draft_document(report: Report) -> Document:
    """Build the document of a draft.

    Raises:
        HeadroomError: see `build_document`.
    """
    comparison, _ = open_report_comparison(store(), report.runs, report.baseline)
    notes = read_notes()
    names = [notes[run_id].name for run_id in report.runs if run_id in notes]
    return _build_document(report.model_dump_json(), list_run_versions(comparison), names, report)


@st.cache_resource(show_spinner=False, max_entries=32)
def _build_document(report_json: str, records: list[str], names: list[str], _report: Report) -> Document:
    return build_document(_report, store(), _build_section)


def _build_section(block: TextBlock | ChartBlock, comparison: Comparison, home: object) -> Passage | Figure:
    return _build_cached_section(block.model_dump_json(), list_run_versions(comparison), block, comparison)


@st.cache_resource(show_spinner=False, max_entries=512)
def _build_cached_section(
    block_json: str, records: list[str], _block: TextBlock | ChartBlock, _comparison: Comparison
) -> Passage | Figure:
    """Build a section, cached so that an edit rebuilds only the changed block."""
    return build_section(_block, _comparison, home())


def read_run_ids(text: str) -> tuple[str, ...]:
    """Return the run IDs in the text field of the editor.

    Raises:
        HeadroomError: when a run does not exist, or the runs cannot be compared.
    """
    names = text.replace(";", " ").replace(",", " ").split()
    if not names:
        raise ReportError("A report needs at least one run. Enter run IDs, separated by commas.")
    ids = tuple(dict.fromkeys(store().find(name).run_id for name in names))
    open_report_comparison(store(), ids)
    return ids
