"""The document of a draft as it would be frozen now, drawn once for the same report and runs."""

import streamlit as st

from core.reports.build import build_document, build_section, open_report_comparison
from core.reports.document import Document, Figure, Passage
from core.reports.report import ChartBlock, Report, TextBlock
from core.store.comparison import Comparison
from core.store.note import NoteBook
from core.ui.display import list_run_versions
from core.ui.session import home, store


def draw_document(report: Report) -> Document:
    """
    Raises:
        HeadroomError: as `build_document`.
    """
    comparison, _ = open_report_comparison(store(), report.runs)
    notes = NoteBook(home()).read_all()
    names = [notes[run_id].name for run_id in report.runs if run_id in notes]
    return _draw(report.model_dump_json(), list_run_versions(comparison), names, report)


@st.cache_resource(show_spinner=False, max_entries=32)
def _draw(said: str, records: list[str], names: list[str], _report: Report) -> Document:
    return build_document(_report, store(), _keep_section)


def _keep_section(block: TextBlock | ChartBlock, comparison: Comparison, place: object) -> Passage | Figure:
    return _draw_section(block.model_dump_json(), list_run_versions(comparison), block, comparison)


@st.cache_resource(show_spinner=False, max_entries=512)
def _draw_section(
    said: str, records: list[str], _block: TextBlock | ChartBlock, _comparison: Comparison
) -> Passage | Figure:
    """Of a report that is edited, the parts that stay as they were."""
    return build_section(_block, _comparison, home())
