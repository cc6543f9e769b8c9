"""A draft, and a function that opens the Reports page."""

from functools import partial

import pytest

from core.home import Home
from core.reports.default_report import write_default
from core.reports.report import ChartBlock, TextBlock
from core.reports.report_store import ReportStore
from core.reports.revision import Draft
from core.store.comparison import Comparison
from tests.support.page import Open
from tests.support.run_writer import RunWriter

BLOCKS = (TextBlock(id="aaaaaa", text="Look **here**."), ChartBlock(id="bbbbbb", display="heads"))


@pytest.fixture
def open_reports(open_page: Open) -> Open:
    return partial(open_page, "reports")


@pytest.fixture
def reports(home: Home) -> ReportStore:
    return ReportStore(home)


@pytest.fixture
def draft(make_run: RunWriter, reports: ReportStore) -> Draft:
    runs = [make_run(head=head) for head in ("gap", "dense")]
    return reports.create(write_default(Comparison.of(runs), "Our finding").change(blocks=BLOCKS), "ada")
