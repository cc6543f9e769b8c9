"""Comments on reports: written at the same time, answered, resolved, deleted, damaged, and included in files."""

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ReportError
from core.home import Home
from core.reports.author_text import parse_markdown, write_html
from core.reports.comment import MAX_COMMENT_CHARS, add_comments, describe_comment, list_mentions, write_comment
from core.reports.comment_store import MAX_CHANGES, CommentStore
from core.reports.document import Document
from core.reports.format import FORMATS, Edition
from core.reports.report_store import ReportStore
from tests.support.reports import report_of


@pytest.fixture
def report_id(report_store: ReportStore) -> str:
    return report_store.create(report_of("abcdef", "bcdefg"), "ada").id


def test_threads_are_written_answered_resolved_and_deleted(home: Home, report_id: str) -> None:
    comments = CommentStore(home)
    first = comments.post(report_id, " Why GAP?\r\n@bob ", "ada", block="abcdef")
    reply = comments.post(report_id, "Fewer parameters.", "bob", of=first.number)
    whole = comments.post(report_id, "Good.", "eve")
    found = comments.read(report_id)
    assert [(one.number, one.block, one.by, one.text) for one in found.comments] == [
        (1, "abcdef", "ada", "Why GAP?\n@bob"), (3, "", "eve", "Good."),
    ]  # fmt: skip
    assert [(one.text, one.block) for one in found.comments[0].replies] == [("Fewer parameters.", "abcdef")]
    assert [found.comments[0].mentions(name) for name in ("bob", "BOB@example.org", "ada", "")] == [
        True, True, False, False,
    ]  # fmt: skip
    comments.mark_resolved(report_id, first.number, "bob")
    comments.edit(report_id, whole.number, "Very good.", "eve")
    found = comments.read(report_id)
    assert [one.number for one in found.open] == [3]
    assert describe_comment(found.comments[0]).endswith(" UTC, resolved by bob")
    assert describe_comment(found.comments[1]).endswith(" UTC, edited")
    comments.mark_resolved(report_id, first.number, "ada", resolved=False)
    assert not comments.read(report_id).comments[0].resolved
    comments.delete(report_id, first.number, "ada")
    (gone, _) = comments.read(report_id).comments
    assert (gone.deleted, gone.text, [one.text for one in gone.thread]) == (True, "", ["Fewer parameters."])
    comments.delete(report_id, reply.number, "bob")
    assert [one.number for one in comments.read(report_id).comments] == [3]
    ReportStore(home).remove(report_id)
    assert comments.read(report_id).comments == ()
    ReportStore(home).restore(report_id)
    assert [one.text for one in comments.read(report_id).comments] == ["Very good."]


def test_what_cannot_be_a_comment_is_refused_and_changes_nothing(home: Home, report_id: str) -> None:
    comments = CommentStore(home)
    first = comments.post(report_id, "One", "ada")
    reply = comments.post(report_id, "Two", "ada", of=first.number)
    for text, values, sentence in (
        ("", {}, "Expected a comment of 1 to 4,000 characters; got 0."),
        ("x" * 4001, {}, "Expected a comment of 1 to 4,000 characters; got 4,001."),
        ("a\u202eb", {}, "This comment has characters or a block that a report cannot have."),
        ("x", {"block": "../.."}, "This comment has characters or a block that a report cannot have."),
        ("x", {"version": 1}, f"Report {report_id} has no version 1."),
        ("x", {"of": 9}, "Comment 9 was not found; it may have been deleted."),
        ("x", {"of": reply.number}, "A reply cannot be answered. Answer the comment that it belongs to."),
    ):
        with pytest.raises(ReportError) as refused:
            comments.post(report_id, text, "ada", **values)  # type: ignore[arg-type]
        assert str(refused.value) == sentence
    for wrong in ("../../x", "r2345678"):
        with pytest.raises(ReportError):
            comments.post(wrong, "x", "ada")
    assert len([*(home.reports / report_id / "comments").iterdir()]) == 2


def _write(path: Path, report_id: str, author: str) -> None:
    for number in range(10):
        CommentStore(Home(path)).post(report_id, f"{author} {number}", author)


def test_users_who_write_at_the_same_time_lose_nothing(home: Home, report_id: str) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(home.path, report_id, name)) for name in ("ada", "bob", "eve")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = CommentStore(home).read(report_id).comments
    assert sorted(one.text for one in found) == sorted(
        f"{name} {n}" for name in ("ada", "bob", "eve") for n in range(10)
    )
    assert [one.number for one in found] == [*range(1, 31)]


def test_damaged_change_is_counted_and_the_others_remain(home: Home, report_id: str) -> None:
    comments = CommentStore(home)
    for text in ("One", "Two", "Three"):
        comments.post(report_id, text, "ada")
    folder = home.reports / report_id / "comments"
    for content in (b"{", b'{"number": 7}', (folder / "000001.json").read_bytes()):
        (folder / "000002.json").write_bytes(content)
        found = CommentStore(home).read(report_id)
        assert ([one.text for one in found.comments], found.damaged) == (["One", "Three"], 1)
    assert comments.post(report_id, "Four", "ada").number == 4


def test_file_with_a_high_number_ends_no_discussion(home: Home, report_id: str) -> None:
    comments = CommentStore(home)
    comments.post(report_id, "One.", "ada")
    for number in (0, MAX_CHANGES + 1, 999_999):
        (home.reports / report_id / "comments" / f"{number:06}.json").write_text("{}")
    assert comments.post(report_id, "Two.", "bob").number == 2
    assert [one.text for one in comments.read(report_id).comments] == ["One.", "Two."]
    assert comments.read(report_id).damaged == 0


@given(st.text(max_size=200) | st.text("@<>[]()`*_#-=~|&$\\ \n1.:/ahtps", max_size=60))
def test_no_comment_becomes_markup_or_a_dangerous_link(text: str) -> None:
    html = write_html(write_comment(text))
    for part in (
        "<img",
        "<h",
        "<ul",
        "<ol",
        "<table",
        "<em",
        "<code",
        "<pre",
        "<hr",
        "<blockquote",
        "javascript:",
        "<s>",
    ):
        assert part not in html.lower().replace("&lt;", ""), part
    kinds = {node["kind"] for node in parse_markdown(write_comment(text))}
    assert kinds <= {"paragraph"}
    for name in list_mentions(text):
        assert name in text


def test_comment_of_the_longest_length_with_links_and_names_is_shown_unchanged() -> None:
    text = "See https://example.org/a_b?c=1, @ada and ada@example.org (@bob.b@example.org)."
    assert write_html(write_comment(text)) == (
        '<p dir="auto">See <a href="https://example.org/a_b?c=1">https://example.org/a_b?c=1</a>, '
        "<strong>@ada</strong> and ada@example.org (<strong>@bob.b@example.org</strong>).</p>\n"
    )
    assert list_mentions(text) == ["ada", "bob.b@example.org"]
    assert len(write_html(write_comment("x*" * (MAX_COMMENT_CHARS // 2)))) < 2 * MAX_COMMENT_CHARS


def test_files_contain_the_comments_only_on_request(
    frozen: tuple[Home, Document], report_store: ReportStore, home: Home, report_id: str
) -> None:
    frozen_home, document = frozen
    block = document.figures[0].id
    comments = CommentStore(home)
    first = comments.post(report_id, "Why *so* few?", "ada", block=block)
    comments.post(report_id, "Because.", "bob", of=first.number)
    comments.post(report_id, "On a deleted block", "eve", block="zzzzzz")
    added = add_comments(document, comments.read(report_id).comments)
    ids = [section.id for section in added.sections]
    assert ids[ids.index(block) + 1] == f"comments-{block}"
    assert ids[-1] == "comments-report"
    assert [section for section in added.sections if not section.id.startswith("comments-")] == [*document.sections]
    for name in ("html", "json"):
        texts = [FORMATS[name].write(Edition(of), frozen_home).popitem()[1].decode() for of in (document, added)]
        assert "Because." not in texts[0]
        assert texts[1].index("Because.") < texts[1].index("On a deleted block")
        assert add_comments(document, ()) == document
