"""Runs to report on, a report of them, and where reports are kept."""

import pytest

from core.home import Home
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.document import Document
from core.reports.report_store import ReportStore
from core.store.comparison import Comparison
from tests.support.run_writer import RunWriter


@pytest.fixture
def runs(make_run: RunWriter) -> Comparison:
    return Comparison.of([make_run(head=head, seed=seed) for seed in range(2) for head in ("gap", "dense")])


@pytest.fixture(scope="session")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Document]:
    """Default report of two heads with two seeds, built once."""
    writer = RunWriter(Home(tmp_path_factory.mktemp("frozen")))
    comparison = Comparison.of([writer(head=head, seed=seed) for seed in range(2) for head in ("gap", "dense")])
    return writer.home, build_document(write_default(comparison), writer.store)


@pytest.fixture
def report_store(home: Home) -> ReportStore:
    return ReportStore(home)
