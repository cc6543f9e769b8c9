"""The Reports page in its states."""

import pytest

from core.home import Home
from core.reports.build import build_document
from core.reports.comment_store import CommentStore
from core.reports.default_report import write_default
from core.reports.report import ChartBlock, TextBlock
from core.reports.report_store import ReportStore
from core.reports.revision import Draft
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.page import Open, labels
from tests.support.report_page import press, without_errors
from tests.support.run_writer import RunWriter

RUNS = "Runs and commands that reproduce them"


def test_page_without_runs_links_to_train(open_reports: Open) -> None:
    app = without_errors(open_reports())
    assert "A report needs finished runs. Train a comparison first." in [text.value for text in app.markdown]
    assert "**No reports yet.**" in [text.value for text in app.markdown]


def test_new_report_is_saved_and_opened(open_reports: Open, make_run: RunWriter, reports: ReportStore) -> None:
    for head in ("gap", "dense"):
        make_run(head=head)
    app = press(open_reports(), "New report from this comparison")
    (entry,) = reports.entries()
    assert app.query_params["report"] == entry.draft.id
    assert "fewer parameters than Flatten + Dense" in without_errors(app).title[0].value


def test_list_finds_by_title_and_owner(open_reports: Open, draft: Draft) -> None:
    app = without_errors(open_reports())
    (table,) = app.dataframe
    assert table.value["Title"].tolist() == ["Our finding"]
    assert table.value["Status"].tolist() == ["draft"]
    for text, found in (("our ADA", 1), ("nobody", 0)):
        assert len(without_errors(open_reports(reports_search=text)).dataframe) == found


def test_draft_shows_text_charts_and_the_command(open_reports: Open, draft: Draft) -> None:
    app = without_errors(open_reports(report=draft.id))
    assert "**Our finding**" in [text.value for text in app.markdown]
    assert "<strong>here</strong>" in "".join(element.proto.body for element in app.get("html"))
    assert "Accuracy and cost" in [heading.value for heading in app.header]
    assert app.code[0].value.startswith("headroom train --recipe digits-heads --heads gap,dense --epochs 3")
    assert {"Publish", "Duplicate", "Delete"} <= {*labels(app)}


def test_long_report_opens_its_first_chart_and_the_others_on_request(
    open_reports: Open, make_run: RunWriter, reports: ReportStore, home: Home
) -> None:
    report = write_default(Comparison.of([make_run(head=head) for head in ("gap", "dense")]))
    saved = reports.create(report, "ada")
    charts = [block for block in report.blocks if isinstance(block, ChartBlock) and block.display != "tiles"]
    CommentStore(home).post(saved.id, "Why?", "ada", block=charts[2].id)
    app = without_errors(open_reports(report=saved.id))
    assert len(app.header) == 1
    folds = [fold for fold in app.expander if fold.label not in ("Show data table", RUNS)]
    assert len(folds) == len(charts) - 1
    assert [fold.proto.expanded for fold in folds] == [number == 1 for number in range(len(folds))], "with a comment"
    assert "Why?" in "".join(element.proto.body for element in app.get("html"))
    assert not app.code
    opened = without_errors(open_reports(report=saved.id, all_sections="true"))
    assert len(opened.header) > len(charts)
    assert opened.code[0].value.startswith("headroom train")


def test_published_version_is_kept_at_its_link(
    open_reports: Open, draft: Draft, reports: ReportStore, store: RunStore
) -> None:
    app = press(open_reports(report=draft.id), "Publish")
    assert app.query_params["report"] == f"{draft.id}-1"
    assert without_errors(app).caption[-1].value == f"SHA-256 of the content: {reports.open(draft.id).checksum}"
    later = reports.save(draft, draft.report.change(title="Later"), "bob")
    reports.publish(later, build_document(later.report, store), "bob")
    for run_id in draft.report.runs:
        store.delete(run_id)
    old = without_errors(open_reports(report=f"{draft.id}-1"))
    assert "**Our finding**" in [text.value for text in old.markdown]
    assert old.info[0].value == "Version 2 of this report is newer."
    without_runs = open_reports(report=draft.id)
    assert without_runs.error[0].value.startswith("All runs of this report were deleted: ")


def test_deleted_report_is_reported_and_can_be_restored(open_reports: Open, draft: Draft, reports: ReportStore) -> None:
    app = press(open_reports(report=draft.id), "Delete")
    assert reports.entries() == []
    deleted = open_reports(report=draft.id)
    assert "was deleted. You can restore it on the Reports page." in deleted.error[0].value
    assert "All reports" in labels(deleted)
    press(app, "Restore 1")
    assert [entry.draft for entry in reports.entries()] == [draft]


@pytest.mark.parametrize("address", ["r2345678", "nonsense", "../../etc", "r2345678-3"])
def test_link_to_an_unknown_report_is_reported(open_reports: Open, address: str) -> None:
    (error,) = open_reports(report=address).error
    assert error.value.startswith("Expected ") or error.value.endswith(" was not found; it may have been deleted.")


def test_heading_follows_the_settings_until_it_is_edited(open_reports: Open, draft: Draft) -> None:
    view = ChartBlock(display="curves", settings={"metric": "loss", "x": "seconds"})
    reports = ReportStore(Home.default())
    saved = reports.save(draft, draft.report.change(blocks=(view, ChartBlock(display="curves", title="Mine"))), "ada")
    headings = [heading.value for heading in without_errors(open_reports(report=saved.id)).header]
    assert headings[:2] == ["Loss by training time", "Mine"]


def test_duplicate_is_a_separate_report(open_reports: Open, draft: Draft, reports: ReportStore) -> None:
    press(open_reports(report=draft.id), "Duplicate")
    titles = sorted(entry.draft.report.title for entry in reports.entries())
    assert titles == ["Our finding", "Our finding (copy)"]


def test_read_only_dashboard_shows_reports_and_changes_none(
    open_reports: Open, draft: Draft, reports: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_READ_ONLY", "1")
    app = without_errors(open_reports(report=draft.id, editing="true"))
    assert not app.text_area
    shut = {button.label: button.help for button in app.button if button.disabled}
    assert {*shut} == {"Publish", "Duplicate", "Delete"}
    assert {*shut.values()} == {"This dashboard is read-only."}
    (new,) = without_errors(open_reports()).button
    assert new.disabled
    assert reports.read(draft.id) == draft


def test_hostile_title_owner_and_text_are_shown_as_text(open_reports: Open, draft: Draft, reports: ReportStore) -> None:
    hostile = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) **b** \u202eabc " + "y" * 200
    report = draft.report.change(title=hostile, blocks=(TextBlock(text=f"{hostile}\n\n{'z' * 10_000}"),))
    saved = reports.create(report, hostile[:60])
    app = without_errors(open_reports(report=saved.id))
    (title,) = [text.value for text in app.markdown if "onerror" in text.value]
    assert title.startswith(r"**\<img src=x onerror=alert(1)\> \[x\](javascript\:alert(1)) \*\*b\*\*")
    (words,) = [element.proto.body for element in app.get("html") if "zzz" in element.proto.body]
    assert "<img" not in words
    assert 'href="javascript' not in words
    assert hostile in without_errors(open_reports()).dataframe[0].value["Title"].tolist()
