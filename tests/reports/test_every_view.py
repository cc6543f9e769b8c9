"""Every view of comparisons with 1, 2, 3 and 9 heads in every file format: no text of the document is lost."""

import pytest

from core.displays.display import DISPLAYS
from core.home import Home
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.document import Document
from core.reports.format import FORMATS
from core.reports.report import ChartBlock
from core.spec import HEADS
from core.store.comparison import Comparison
from tests.support.markers import long
from tests.support.report_text import find_lost
from tests.support.run_writer import RunWriter

pytestmark = [pytest.mark.slow, long]  # two heads in the formats without drawn charts: test_file_content.py


@pytest.fixture(scope="module", params=[1, 2, 3, 9])
def document(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Document:
    writer = RunWriter(Home(tmp_path_factory.mktemp("views")))
    heads = [*HEADS][: request.param]
    comparison = Comparison.of([writer(head=head, seed=seed) for head in heads for seed in range(2)])
    blocks = tuple(ChartBlock(display=name, table=number % 2 == 0) for number, name in enumerate(DISPLAYS))
    return build_document(write_default(comparison).change(blocks=blocks), writer.store)


@pytest.mark.parametrize("form", [*FORMATS])
def test_no_text_of_any_view_is_lost(document: Document, form: str) -> None:
    assert find_lost(document, form) == []
