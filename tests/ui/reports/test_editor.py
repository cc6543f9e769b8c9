"""The editor of a report: changes, conflicts with other users, and full disks."""

import errno
import os
import re
from unittest.mock import Mock

import pytest

from core.home import Home
from core.reports.report_store import ReportStore
from core.reports.revision import Draft
from tests.support.page import Open, text_of
from tests.support.report_page import block_text, press, without_errors


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


def test_too_long_text_is_reported_and_nothing_is_saved(open_reports: Open, draft: Draft, reports: ReportStore) -> None:
    app = open_reports(report=draft.id, editing="true")
    block_text(app).set_value("x" * 20_001).run()
    assert app.error[0].value == "A text block may have at most 20,000 characters; this one has 20,001."
    next(box for box in app.text_input if box.label == "Title").set_value("y" * 301).run()
    assert app.error[0].value == "Expected a title of 1 to 300 characters; got 301."
    assert reports.read(draft.id) == draft


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
