"""Drafts and versions of reports: saved, undone, published, removed."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ReportConflictError, ReportError, RunNotFoundError
from core.home import Home
from core.reports.address import is_address, split_address
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.report import ChartBlock
from core.reports.report_store import ReportStore
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.reports import report_of


def test_draft_is_edited_undone_and_undone_again(shelf: ReportStore) -> None:
    first = shelf.create(report_of("abcdef"), "ada")
    assert first.report.owner == "ada"
    second = shelf.save(first, first.report.change(title="Second"), "ada")
    third = shelf.save(second, second.report.change(title="Third"), "bob")
    assert shelf.save(third, third.report, "bob") == third
    undone = shelf.undo(third, "ada")
    assert (undone.revision, undone.report.title, undone.by) == (4, "Second", "ada")
    undone = shelf.undo(undone, "ada")
    assert (undone.report, undone.before) == (first.report, None)
    with pytest.raises(ReportError, match="There is nothing to undo"):
        shelf.undo(undone, "ada")
    again = shelf.save(undone, undone.report.change(title="Other"), "ada")
    assert shelf.undo(again, "ada").report == first.report
    assert shelf.read(first.id).revision == 7


def test_later_one_of_two_is_told_and_nothing_is_written_over(shelf: ReportStore) -> None:
    seen = shelf.create(report_of("abcdef"), "ada")
    shelf.save(seen, seen.report.change(title="Bob's"), "bob")
    with pytest.raises(ReportConflictError, match=r"^bob changed this report at "):
        shelf.save(seen, seen.report.change(title="Ada's"), "ada")
    with pytest.raises(ReportConflictError):
        shelf.undo(seen.model_copy(update={"before": 1}), "ada")
    assert shelf.read(seen.id).report.title == "Bob's"


def save_at_once(path: str, report_id: str, number: int, start: Any, said: Any) -> None:
    shelf = ReportStore(Home(Path(path)))
    seen = shelf.read(report_id)
    start.wait()
    try:
        shelf.save(seen, seen.report.change(title=f"Of {number}"), str(number))
        said.put(number)
    except ReportConflictError:
        said.put(None)


def test_of_many_processes_that_save_at_once_one_wins_and_all_others_are_told(shelf: ReportStore, home: Home) -> None:
    seen = shelf.create(report_of("abcdef"), "ada")
    context = multiprocessing.get_context("fork")
    start, said = context.Barrier(6), context.Queue()
    processes = [
        context.Process(target=save_at_once, args=(str(home.path), seen.id, number, start, said)) for number in range(6)
    ]
    for process in processes:
        process.start()
    answers = [said.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    winners = [number for number in answers if number is not None]
    assert len(winners) == 1
    draft = shelf.read(seen.id)
    assert (draft.revision, draft.report.title) == (2, f"Of {winners[0]}")


def test_published_version_stays_when_draft_runs_and_notes_change(
    shelf: ReportStore, store: RunStore, runs: Comparison
) -> None:
    draft = shelf.create(write_default(runs, "First").change(blocks=(ChartBlock(display="heads"),)), "ada")
    published = shelf.publish(draft, build_document(draft.report, store), "ada")
    assert published.address == f"{draft.id}-1"
    assert published.checksum == published.document.checksum
    later = shelf.save(draft, draft.report.change(title="Second", blocks=()), "ada")
    second = shelf.publish(later, build_document(later.report, store), "ada")
    for run in runs.runs:
        store.delete(run.run_id)
    again = ReportStore(shelf.home)
    assert again.open(published.address) == published
    assert again.open(draft.id) == second
    assert (again.open(f"{draft.id}-1").document.title, second.version) == ("First", 2)
    with pytest.raises(RunNotFoundError, match="All runs of this report were deleted: "):
        build_document(later.report, store)


def test_draft_that_changed_meanwhile_is_not_published(shelf: ReportStore, store: RunStore, runs: Comparison) -> None:
    draft = shelf.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "ada")
    document = build_document(draft.report, store)
    shelf.save(draft, draft.report.change(title="Newer"), "bob")
    with pytest.raises(ReportConflictError):
        shelf.publish(draft, document, "ada")
    assert shelf.versions(draft.id) == ()


def test_report_is_removed_with_its_versions_and_comes_back(
    shelf: ReportStore, store: RunStore, runs: Comparison
) -> None:
    draft = shelf.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "ada")
    published = shelf.publish(draft, build_document(draft.report, store), "ada")
    shelf.remove(draft.id)
    assert shelf.entries() == []
    for ask in (shelf.read, shelf.open, shelf.remove):
        with pytest.raises(ReportError, match=f"^Report {draft.id} was deleted. You can restore it on "):
            ask(draft.id)
    assert [*shelf.removed()] == [draft.id]
    shelf.restore(draft.id)
    assert shelf.open(draft.id) == published
    with pytest.raises(ReportError, match="is not in the trash"):
        shelf.restore(draft.id)
    shelf.remove(draft.id)
    shelf.clear()
    assert [*shelf.removed()] == []


@pytest.mark.parametrize("name", ["../x", "r", "R7k2m9qx", "r7k2m9qx-0", "r7k2m9qx/..", "", "x" * 10_000])
def test_address_that_is_none_is_refused(shelf: ReportStore, name: str) -> None:
    for ask in (shelf.open, split_address):
        with pytest.raises(ReportError, match="Expected a report ID such as 'r7k2m9qx'"):
            ask(name)
    with pytest.raises(ReportError):
        shelf.read(name)


def test_version_that_is_not_there_is_named(shelf: ReportStore) -> None:
    draft = shelf.create(report_of("abcdef"), "")
    with pytest.raises(ReportError, match="has no published version"):
        shelf.open(draft.id)
    with pytest.raises(ReportError, match="has no version 7"):
        shelf.open(f"{draft.id}-7")


@given(st.integers(0, 2**48 - 1))
def test_no_id_of_a_run_can_be_taken_for_a_report(number: int) -> None:
    run_id = f"{number:012x}"
    assert not any(is_address(run_id[:length]) for length in range(13))


@pytest.mark.parametrize("change", [lambda text: text[:-40], lambda text: text.replace("GAP", "GMP"), lambda _: "[]"])
def test_published_file_that_was_changed_is_noticed(
    shelf: ReportStore, store: RunStore, runs: Comparison, change: Callable[[str], str]
) -> None:
    draft = shelf.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "")
    shelf.publish(draft, build_document(draft.report, store), "")
    path = shelf.home.reports / draft.id / "published-1.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(ReportError, match=r"is damaged \((the file cannot be read|checksum mismatch)\)\."):
        shelf.open(draft.id)


def test_damaged_draft_is_said_and_the_others_are_listed(shelf: ReportStore) -> None:
    good, bad = shelf.create(report_of("abcdef"), ""), shelf.create(report_of("abcdef"), "")
    (shelf.home.reports / bad.id / "draft-000001.json").write_text("{")
    assert [entry.draft for entry in ReportStore(shelf.home).entries()] == [good]
    with pytest.raises(ReportError, match=r"is damaged: draft-000001.json cannot be read"):
        shelf.read(bad.id)
