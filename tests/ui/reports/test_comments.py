"""Comments on a report, in the draft and in a published version."""

import pytest
from streamlit.testing.v1 import AppTest

from core.access.role import Role, User
from core.reports.build import build_document
from core.reports.comment_store import CommentStore
from core.reports.report_store import ReportStore
from core.reports.revision import Draft
from core.store.run_store import RunStore
from tests.support.page import Open, labels
from tests.support.report_page import press, without_errors


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
