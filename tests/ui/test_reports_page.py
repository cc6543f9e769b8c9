"""The Reports page in its states."""

import errno
import os
import re
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
from streamlit.testing.v1 import AppTest

from core.access.role import Role, User
from core.home import Home
from core.reports.build import build_document
from core.reports.comment_store import CommentStore
from core.reports.default_report import write_default
from core.reports.report import ChartBlock, TextBlock
from core.reports.report_store import ReportStore
from core.reports.revision import Draft
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.page import Open, text_of
from tests.support.run_writer import RunWriter

RUNS = "Runs and commands that reproduce them"
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


def press(app: AppTest, label: str) -> AppTest:
    button = next(button for button in app.button if button.label == label or button.help == label)
    return button.click().run()


def block_text(app: AppTest) -> Any:
    """Return the text field of the first text block."""
    return next(box for box in app.text_area if box.label == "Markdown")


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def without_errors(app: AppTest) -> AppTest:
    assert not [*app.exception, *app.error]
    return app


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


def test_every_change_is_saved_immediately_and_can_be_undone(
    open_reports: Open, draft: Draft, reports: ReportStore
) -> None:
    app = without_errors(open_reports(report=draft.id, editing="true"))
    block_text(app).set_value("Another text").run()
    assert reports.read(draft.id).report.blocks[0].text == "Another text"  # type: ignore[union-attr]
    press(app, "Move down")
    assert [block.id for block in reports.read(draft.id).report.blocks] == ["bbbbbb", "aaaaaa"]
    next(box for box in app.text_input if box.label == "Title").set_value("Another title").run()
    assert reports.read(draft.id).report.title == "Another title"
    for _ in range(3):
        press(app, "Undo last change")
    assert block_text(without_errors(app)).value == "Look **here**."
    assert reports.read(draft.id).report == draft.report
    press(app, "Delete block")
    assert [block.id for block in reports.read(draft.id).report.blocks] == ["bbbbbb"]


def test_invalid_runs_are_rejected_and_nothing_is_saved(open_reports: Open, draft: Draft, reports: ReportStore) -> None:
    app = open_reports(report=draft.id, editing="true")
    next(box for box in app.text_input if box.label == "Runs").set_value("nonsense").run()
    assert app.error[0].value == "Run 'nonsense' was not found; it may have been deleted."
    assert reports.read(draft.id) == draft


@pytest.mark.parametrize("way", ["Save mine as a copy", "Discard mine and reload", "Keep mine there"])
def test_second_of_two_changes_of_one_block_is_reported_and_kept(
    open_reports: Open, draft: Draft, reports: ReportStore, way: str
) -> None:
    app = without_errors(open_reports(report=draft.id, editing="true"))
    theirs = reports.save(draft, draft.report.replace("aaaaaa", text="Theirs").change(title="Their title"), "bob")
    block_text(app).set_value("Mine").run()
    assert re.fullmatch(
        r"bob changed this report at \d\d:\d\d UTC\. Reload it, or save yours as a copy\.", app.toast[0].value
    )
    (warning,) = app.warning
    assert warning.value == "bob and you changed 1 block. Your changes are kept until you choose or close this page."
    assert "-Theirs\n+Mine" in [code.value for code in app.code]
    assert block_text(app).value == "Mine"
    assert reports.read(draft.id) == theirs
    app = press(app, way)
    texts = {entry.draft.report.title: entry.draft.report.blocks[0].text for entry in reports.entries()}  # type: ignore[union-attr]
    assert (
        texts
        == {
            "Save mine as a copy": {"Their title": "Theirs", "Our finding (copy)": "Mine"},
            "Discard mine and reload": {"Their title": "Theirs"},
            "Keep mine there": {"Their title": "Mine"},
        }[way]
    )
    if way.startswith("Discard"):
        assert block_text(without_errors(app)).value == "Theirs"
        assert next(box for box in app.text_input if box.label == "Title").value == "Their title"


def test_changes_of_different_blocks_are_merged_and_compared(
    open_reports: Open, draft: Draft, reports: ReportStore
) -> None:
    app = without_errors(open_reports(report=draft.id, editing="true"))
    reports.save(draft, draft.report.change(title="Theirs"), "bob")
    block_text(app).set_value("Mine").run()
    assert app.toast[0].value == "Changes of another user in other blocks were merged with yours."
    saved = reports.read(draft.id).report
    assert (saved.title, saved.blocks[0].text) == ("Theirs", "Mine")  # type: ignore[union-attr]
    assert next(box for box in app.text_input if box.label == "Title").value == "Theirs"
    app.session_state["changes"] = True
    app.run()
    (choice,) = [box for box in app.selectbox if box.label == "Compare with"]
    assert [option.partition(", 2")[0] for option in choice.options] == ["Revision 2, bob", "Revision 1, ada"]
    assert "-Look **here**.\n+Mine" in [code.value for code in app.code]


def test_unsaved_change_is_merged_with_a_later_one_of_another_block(
    open_reports: Open, draft: Draft, reports: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = without_errors(open_reports(report=draft.id, editing="true"))
    with monkeypatch.context() as patch:
        patch.setattr("core.files.os.link", Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
        block_text(app).set_value("Mine").run()
    reports.save(draft, draft.report.change(title="Theirs"), "bob")
    app.run()
    assert [box.value[:34] for box in app.warning] == ["Your latest changes are not saved."]
    without_errors(press(app, "Save again"))
    saved = reports.read(draft.id).report
    assert (saved.title, saved.blocks[0].text) == ("Theirs", "Mine")  # type: ignore[union-attr]


def test_editor_shows_a_newer_revision_before_typing(open_reports: Open, draft: Draft, reports: ReportStore) -> None:
    app = open_reports(report=draft.id, editing="true")
    reports.save(draft, draft.report.change(title="Theirs"), "bob")
    app.run()
    assert app.warning[0].value == "bob changed this report since you opened it."
    press(app, "Reload report")
    assert next(box for box in without_errors(app).text_input if box.label == "Title").value == "Theirs"


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


def test_too_long_text_is_reported_and_nothing_is_saved(open_reports: Open, draft: Draft, reports: ReportStore) -> None:
    app = open_reports(report=draft.id, editing="true")
    block_text(app).set_value("x" * 20_001).run()
    assert app.error[0].value == "A text block may have at most 20,000 characters; this one has 20,001."
    next(box for box in app.text_input if box.label == "Title").set_value("y" * 301).run()
    assert app.error[0].value == "Expected a title of 1 to 300 characters; got 301."
    assert reports.read(draft.id) == draft


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


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_words_of_the_author_survive_a_disk_that_takes_none(
    open_reports: Open, draft: Draft, reports: ReportStore, monkeypatch: pytest.MonkeyPatch, home: Home, code: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    app = without_errors(open_reports(report=draft.id, editing="true"))
    with monkeypatch.context() as patch:
        patch.setattr("core.files.os.link", fail)
        block_text(app).set_value("Words that took an hour").run()
        assert os.strerror(code) in app.error[0].value
        assert str(home.path) not in text_of(app)
        assert block_text(app).value == "Words that took an hour"
        assert app.warning[0].value.startswith("Your latest changes are not saved.")
        next(box for box in app.text_input if box.label == "Title").set_value("Another title").run()
        assert (block_text(app).value, len(app.error)) == ("Words that took an hour", 1)
        press(app, "Save again")
        press(app, "Move down")
        assert not app.exception
        app = press(app, "Move down")
        assert block_text(app).value == "Words that took an hour"
        assert reports.read(draft.id) == draft
    without_errors(press(app, "Save again"))
    assert not app.warning
    saved = reports.read(draft.id).report
    assert (saved.title, saved.blocks[0].text) == ("Another title", "Words that took an hour")  # type: ignore[union-attr]


def test_undo_that_fails_keeps_the_draft(open_reports: Open, draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    app = without_errors(open_reports(report=draft.id, editing="true"))
    press(app, "Move down")
    monkeypatch.setattr("core.files.os.link", lambda *_: os.rmdir("/"))
    press(app, "Undo last change")
    assert not app.exception
    assert "draft-000003.json: " in app.error[0].value
    assert block_text(app).value == "Look **here**."


def write_in(app: AppTest, field: str, text: str) -> AppTest:
    """Open a popover with a text field, write a text and save it."""
    app.session_state[field] = True
    app.run()
    next(box for box in app.text_area if box.key == f"{field}-text").set_value(text)
    next(button for button in app.button if button.key == f"{field}-save").click()
    return without_errors(app.run())


def test_comments_are_written_answered_and_resolved_in_draft_and_version(
    open_reports: Open, draft: Draft, reports: ReportStore, store: RunStore
) -> None:
    reports.publish(draft, build_document(draft.report, store), "ada")
    app = write_in(open_reports(report=f"{draft.id}-1"), "comments-aaaaaa-add", "Why <b>?")
    app = write_in(app, "reply-1", "Because.")
    (comment,) = CommentStore(reports.home).read(draft.id).comments
    assert (comment.block, comment.version, comment.replies[0].text) == ("aaaaaa", 1, "Because.")
    for address in (draft.id, f"{draft.id}-1"):
        shown = without_errors(open_reports(report=address, editing="true"))
        bodies = [element.proto.body for element in shown.get("html")]
        assert any('<p dir="auto">Why &lt;b&gt;?</p>' in body for body in bodies)
        assert ":material/chat: 1 open comment." in [text.value for text in shown.caption]
    app = write_in(app, "comments-report-add", "As a whole")
    press(app, "Resolve")
    assert [one.text for one in CommentStore(reports.home).read(draft.id).open] == ["As a whole"]
    assert without_errors(open_reports()).dataframe[0].value["Open comments"].tolist() == [1]


def test_viewer_reads_comments_and_sees_why_writing_is_disabled(
    open_reports: Open, draft: Draft, reports: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    CommentStore(reports.home).post(draft.id, "Ask @vera", "ada", block="aaaaaa")
    app = without_errors(open_reports(report=draft.id))
    assert {"Resolve"} <= {*labels(app)}
    monkeypatch.setattr("core.ui.access.user", lambda: User("vera@example.org", Role.VIEWER))
    for module in ("core.ui.reports.comments", "core.ui.reports.listing"):
        monkeypatch.setattr(f"{module}.user", lambda: User("vera@example.org", Role.VIEWER))
    app = without_errors(open_reports(report=draft.id))
    assert any("<strong>@vera</strong>" in element.proto.body for element in app.get("html"))
    assert "Resolve" not in labels(app)
    captions = [text.value for text in app.caption]
    assert ":material/chat: 1 open comment, 1 of them mentions you." in captions
    assert ":material/lock: You need the commenter role to comment on reports. Ask an administrator." in captions
    assert "You are mentioned in Our finding" in labels(open_reports())
