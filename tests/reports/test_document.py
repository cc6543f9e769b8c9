"""Content of a published report."""

from core.home import Home
from core.reports.build import build_document, build_section
from core.reports.default_report import write_default
from core.reports.document import Document, Figure
from core.reports.report import ChartBlock
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def test_default_report_has_every_view_without_a_problem(frozen: tuple[Home, Document]) -> None:
    document = frozen[1]
    assert [figure.display for figure in document.figures if figure.problem] == []
    assert "GAP" in document.headline
    assert len(document.runs) == 4
    assert Document.model_validate_json(document.model_dump_json()).checksum == document.checksum


def test_chart_that_cannot_be_drawn_has_a_problem(runs: Comparison, store: RunStore) -> None:
    blocks = (
        ChartBlock(display="nonsense"),
        ChartBlock(display="curves", settings={"metric": "speed"}),
        ChartBlock(display="tiles"),
    )
    document = build_document(write_default(runs).change(blocks=blocks), store)
    problems = [figure.problem for figure in document.figures]
    assert problems[0].startswith("Unknown display 'nonsense'. Choose one of: ")
    assert problems[1].startswith("Expected metric of curves to be one of 'accuracy', 'loss', ")
    assert problems[1].endswith("; got 'speed'.")
    assert problems[2] == ""


def test_columns_of_class_names_are_text_also_with_names_of_digits(make_run: RunWriter, home: Home) -> None:
    names = ("cat", "8", "a, b", *"cdefghi")
    comparison = Comparison.of([rewrite(make_run(), classes=names)])
    figure = build_section(ChartBlock(display="gallery"), comparison, home)
    assert isinstance(figure, Figure)
    assert figure.table is not None
    assert {"label", "predicted"} <= {*figure.table.words}
    assert "image" not in figure.table.words


def test_runs_that_are_gone_are_the_first_caution(runs: Comparison, store: RunStore) -> None:
    report = write_default(runs)
    store.delete(runs.runs[0].run_id)
    caution = build_document(report, store).cautions[0]
    assert caution.startswith(f"1 of the 4 runs in this report no longer exist: {runs.runs[0].run_id}")
