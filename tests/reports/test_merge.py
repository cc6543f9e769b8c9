"""Merge and differences of reports: changes of different blocks are kept, changes of the same block are a conflict."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ReportConflictError
from core.reports.difference import MAX_LINES, compare_parts, split_document, split_report
from core.reports.document import Document, Passage
from core.reports.merge import merge_reports, name_conflicts
from core.reports.report import ChartBlock, Report, TextBlock
from core.reports.report_store import ReportStore
from tests.support.reports import report_of

IDS = ("aaaaaa", "bbbbbb", "cccccc", "dddddd", "eeeeee")
BASE = report_of(*IDS)

edits = st.lists(
    st.tuples(st.sampled_from(["text", "move", "remove", "insert", "title"]), st.integers(0, 9), st.integers(-3, 3)),
    max_size=6,
)


def edit(report: Report, changes: list[Any], sign: str, ids: tuple[str, ...] = IDS) -> Report:
    """Apply random changes to the blocks with the given IDs; `sign` makes new texts and blocks those of one author."""
    for number, (kind, index, steps) in enumerate(changes):
        present = [block.id for block in report.blocks if block.id in ids]
        name = present[index % len(present)] if present else None
        if kind == "insert":
            report = report.insert(TextBlock(id=f"{sign}{'abcdefghjk'[number]}zzzz", text=sign), name)
        elif kind == "title":
            report = report.change(title=f"{sign} {number}") if ids == IDS else report
        elif name and kind == "text":
            report = report.replace(name, text=f"{sign} {number}")
        elif name and kind == "move" and ids == IDS:
            report = report.move(name, steps)
        elif name and kind == "remove":
            report = report.remove(name)
    return report


@given(edits, edits)
def test_change_of_one_author_is_taken_and_equal_changes_are_no_conflict(first: list[Any], second: list[Any]) -> None:
    mine, theirs = edit(BASE, first, "x"), edit(BASE, second, "y")
    for one in (mine, theirs):
        assert merge_reports(BASE, one, BASE).report == merge_reports(BASE, BASE, one).report == one
        assert merge_reports(BASE, one, one) == merge_reports(one, one, one)
        assert merge_reports(BASE, one, one).conflicts == ()
    for prefer, preferred in ((True, mine), (False, theirs)):
        merged = merge_reports(BASE, mine, theirs, prefer_mine=prefer)
        blocks = {block.id: block for block in merged.report.blocks}
        assert len(blocks) == len(merged.report.blocks)
        for name in merged.conflicts:
            kept = {block.id: block for block in preferred.blocks}.get(name)
            assert kept is None or blocks[name] == kept
        new = {block.id for one in (mine, theirs) for block in one.blocks} - {*IDS}
        assert new <= {*blocks}


@given(edits, edits)
def test_changes_of_different_blocks_are_both_kept(first: list[Any], second: list[Any]) -> None:
    mine, theirs = edit(BASE, first, "x", IDS[:2]), edit(BASE, second, "y", IDS[2:])
    merged = merge_reports(BASE, mine, theirs)
    assert merged.conflicts == ()
    blocks = {block.id: block for block in merged.report.blocks}
    for one, ids in ((mine, IDS[:2]), (theirs, IDS[2:])):
        own = {block.id: block for block in one.blocks if block.id in ids or block.id not in IDS}
        assert {name: block for name, block in blocks.items() if name in own} == own
        assert not {*ids} - {*own} & {*blocks} - {*own}
        order = [block.id for block in merged.report.blocks if block.id in own]
        assert order == [*own]


def test_conflicts_are_named() -> None:
    mine = BASE.replace("aaaaaa", text="x").change(title="x").remove("bbbbbb")
    theirs = BASE.replace("aaaaaa", text="y").change(title="y").replace("bbbbbb", text="y")
    merged = merge_reports(BASE, mine, theirs)
    assert set(merged.conflicts) == {"title", "aaaaaa", "bbbbbb"}
    assert "bbbbbb" in [block.id for block in merged.report.blocks]  # changed by one, deleted by the other: kept
    assert name_conflicts(merged.conflicts) == "the title and 2 blocks"
    assert name_conflicts(("order",)) == "the order of the blocks"


def test_store_merges_what_two_users_saved(report_store: ReportStore) -> None:
    seen = report_store.create(BASE, "ada")
    theirs = report_store.save(seen, BASE.replace("aaaaaa", text="Bob"), "bob")
    merged = report_store.save(seen, BASE.replace("bbbbbb", text="Ada").move("cccccc", 1), "ada")
    assert [block.text for block in merged.report.blocks] == ["Bob", "Ada", "", "", ""]  # type: ignore[union-attr]
    assert (merged.revision, merged.before) == (3, theirs.revision)
    assert report_store.undo(merged, "ada").report == theirs.report
    with pytest.raises(ReportConflictError):
        report_store.save(seen, BASE.replace("aaaaaa", text="Ada"), "ada")
    assert report_store.save(seen, theirs.report, "eve") == report_store.read(seen.id)
    assert [one.revision for one in report_store.revisions(seen.id)] == [1, 2, 3, 4]


def test_differences_are_listed_block_by_block(frozen: tuple[Any, Document]) -> None:
    chart = ChartBlock(id="ffffff", display="curves")
    old = BASE.insert(chart, "bbbbbb").replace("aaaaaa", text="one\ntwo\nthree")
    new = old.replace("aaaaaa", text="one\n2\nthree").replace("ffffff", settings={"metric": "loss"})
    new = new.remove("cccccc").insert(TextBlock(id="gggggg", text="new")).move("eeeeee", -3).change(title="Other")
    found = {part.id: (part.kind, part.lines) for part in compare_parts(split_report(old), split_report(new))}
    assert found == {
        "": ("changed", ("-Title: T", "+Title: Other", " Runs: 000000000000")),
        "gggggg": ("added", ("+new",)),
        "aaaaaa": ("changed", (" one", "-two", "+2", " three")),
        "eeeeee": ("moved", ()),
        "ffffff": ("changed", (" Heading: default", "+metric: loss")),
        "cccccc": ("removed", ()),
    }
    document = frozen[1]
    longer = document.model_copy(update={"sections": (*document.sections, Passage(id="x", text="\n" * 999))})
    (part,) = compare_parts(split_document(document), split_document(longer))
    assert (part.kind, len(part.lines), part.lines[-1]) == ("added", MAX_LINES + 1, "… 800 more lines")
    assert compare_parts(split_document(document), split_document(document)) == []
