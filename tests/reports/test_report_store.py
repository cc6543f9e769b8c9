"""Drafts and published versions of reports: saved, undone, published, deleted."""

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


def test_draft_is_edited_undone_and_redone(reports: ReportStore) -> None:
    first = reports.create(report_of("abcdef"), "ada")
    assert first.report.owner == "ada"
    second = reports.save(first, first.report.change(title="Second"), "ada")
    third = reports.save(second, second.report.change(title="Third"), "bob")
    assert reports.save(third, third.report, "bob") == third
    undone = reports.undo(third, "ada")
    assert (undone.revision, undone.report.title, undone.by) == (4, "Second", "ada")
    undone = reports.undo(undone, "ada")
    assert (undone.report, undone.before) == (first.report, None)
    with pytest.raises(ReportError, match="There is nothing to undo"):
        reports.undo(undone, "ada")
    redone = reports.save(undone, undone.report.change(title="Other"), "ada")
    assert reports.undo(redone, "ada").report == first.report
    assert reports.read(first.id).revision == 7


def test_second_of_two_concurrent_saves_is_rejected(reports: ReportStore) -> None:
    seen = reports.create(report_of("abcdef"), "ada")
    reports.save(seen, seen.report.change(title="Bob's"), "bob")
    with pytest.raises(ReportConflictError, match=r"^bob changed this report at "):
        reports.save(seen, seen.report.change(title="Ada's"), "ada")
    with pytest.raises(ReportConflictError):
        reports.undo(seen.model_copy(update={"before": 1}), "ada")
    assert reports.read(seen.id).report.title == "Bob's"


def save_at_once(path: str, report_id: str, number: int, start: Any, results: Any) -> None:
    reports = ReportStore(Home(Path(path)))
    seen = reports.read(report_id)
    start.wait()
    try:
        reports.save(seen, seen.report.change(title=f"Of {number}"), str(number))
        results.put(number)
    except ReportConflictError:
        results.put(None)


def test_one_of_many_concurrent_saves_succeeds_and_all_others_are_rejected(reports: ReportStore, home: Home) -> None:
    seen = reports.create(report_of("abcdef"), "ada")
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(6), context.Queue()
    processes = [
        context.Process(target=save_at_once, args=(str(home.path), seen.id, number, start, results))
        for number in range(6)
    ]
    for process in processes:
        process.start()
    answers = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    winners = [number for number in answers if number is not None]
    assert len(winners) == 1
    draft = reports.read(seen.id)
    assert (draft.revision, draft.report.title) == (2, f"Of {winners[0]}")


def test_published_version_stays_unchanged_when_draft_runs_and_notes_change(
    reports: ReportStore, store: RunStore, runs: Comparison
) -> None:
    draft = reports.create(write_default(runs, "First").change(blocks=(ChartBlock(display="heads"),)), "ada")
    published = reports.publish(draft, build_document(draft.report, store), "ada")
    assert published.address == f"{draft.id}-1"
    assert published.checksum == published.document.checksum
    later = reports.save(draft, draft.report.change(title="Second", blocks=()), "ada")
    second = reports.publish(later, build_document(later.report, store), "ada")
    for run in runs.runs:
        store.delete(run.run_id)
    redone = ReportStore(reports.home)
    assert redone.open(published.address) == published
    assert redone.open(draft.id) == second
    assert (redone.open(f"{draft.id}-1").document.title, second.version) == ("First", 2)
    with pytest.raises(RunNotFoundError, match="All runs of this report were deleted: "):
        build_document(later.report, store)


def test_draft_that_changed_meanwhile_is_not_published(reports: ReportStore, store: RunStore, runs: Comparison) -> None:
    draft = reports.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "ada")
    document = build_document(draft.report, store)
    reports.save(draft, draft.report.change(title="Newer"), "bob")
    with pytest.raises(ReportConflictError):
        reports.publish(draft, document, "ada")
    assert reports.versions(draft.id) == ()


def test_deleted_report_is_restored_with_its_versions(reports: ReportStore, store: RunStore, runs: Comparison) -> None:
    draft = reports.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "ada")
    published = reports.publish(draft, build_document(draft.report, store), "ada")
    reports.remove(draft.id)
    assert reports.entries() == []
    for ask in (reports.read, reports.open, reports.remove):
        with pytest.raises(ReportError, match=f"^Report {draft.id} was deleted. You can restore it on "):
            ask(draft.id)
    assert [*reports.removed()] == [draft.id]
    reports.restore(draft.id)
    assert reports.open(draft.id) == published
    with pytest.raises(ReportError, match="is not in the trash"):
        reports.restore(draft.id)
    reports.remove(draft.id)
    reports.clear()
    assert [*reports.removed()] == []


@pytest.mark.parametrize("name", ["../x", "r", "R7k2m9qx", "r7k2m9qx-0", "r7k2m9qx/..", "", "x" * 10_000])
def test_invalid_address_is_rejected(reports: ReportStore, name: str) -> None:
    for ask in (reports.open, split_address):
        with pytest.raises(ReportError, match="Expected a report ID such as 'r7k2m9qx'"):
            ask(name)
    with pytest.raises(ReportError):
        reports.read(name)


def test_missing_version_is_reported(reports: ReportStore) -> None:
    draft = reports.create(report_of("abcdef"), "")
    with pytest.raises(ReportError, match="has no published version"):
        reports.open(draft.id)
    with pytest.raises(ReportError, match="has no version 7"):
        reports.open(f"{draft.id}-7")


@given(st.integers(0, 2**48 - 1))
def test_run_ids_are_not_report_ids(number: int) -> None:
    run_id = f"{number:012x}"
    assert not any(is_address(run_id[:length]) for length in range(13))


@pytest.mark.parametrize("change", [lambda text: text[:-40], lambda text: text.replace("GAP", "GMP"), lambda _: "[]"])
def test_changed_published_file_is_noticed(
    reports: ReportStore, store: RunStore, runs: Comparison, change: Callable[[str], str]
) -> None:
    draft = reports.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "")
    reports.publish(draft, build_document(draft.report, store), "")
    path = reports.home.reports / draft.id / "published-1.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(ReportError, match=r"is damaged \((the file cannot be read|checksum mismatch)\)\."):
        reports.open(draft.id)


def test_damaged_draft_is_reported_and_the_others_are_listed(reports: ReportStore) -> None:
    good, bad = reports.create(report_of("abcdef"), ""), reports.create(report_of("abcdef"), "")
    (reports.home.reports / bad.id / "draft-000001.json").write_text("{")
    assert [entry.draft for entry in ReportStore(reports.home).entries()] == [good]
    with pytest.raises(ReportError, match=r"is damaged: draft-000001.json cannot be read"):
        reports.read(bad.id)
