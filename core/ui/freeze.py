"""The document of a draft as it would be frozen now, each part drawn once."""

import streamlit as st

from core.reports.build import build_document, build_section
from core.reports.document import Document, Figure, Passage
from core.reports.report import Report, View, Words
from core.store.comparison import Comparison
from core.ui.state import home, store


def draw_document(report: Report) -> Document:
    """The document of a report; each of its parts is drawn once for the same runs and settings."""
    return build_document(report, store(), _keep_section)


def _keep_section(block: Words | View, comparison: Comparison, place: object) -> Passage | Figure:
    records = [run.record.model_dump_json() for run in comparison.runs]
    return _draw_section(block.model_dump_json(), records, block, comparison)


@st.cache_resource(show_spinner=False, max_entries=512)
def _draw_section(said: str, records: list[str], _block: Words | View, _comparison: Comparison) -> Passage | Figure:
    return build_section(_block, _comparison, home())
