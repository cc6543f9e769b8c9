"""Drafts and versions of reports: saved, undone, published, removed."""

import multiprocessing
import os
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
from core.reports.revision import Draft
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.reports import report_of


def test_draft_is_edited_undone_and_undone_again(report_store: ReportStore) -> None:
    first = report_store.create(report_of("abcdef"), "ada")
    assert first.report.owner == "ada"
    second = report_store.save(first, first.report.change(title="Second"), "ada")
    third = report_store.save(second, second.report.change(title="Third"), "bob")
    assert report_store.save(third, third.report, "bob") == third
    undone = report_store.undo(third, "ada")
    assert (undone.revision, undone.report.title, undone.by) == (4, "Second", "ada")
    undone = report_store.undo(undone, "ada")
    assert (undone.report, undone.before) == (first.report, None)
    with pytest.raises(ReportError, match="There is nothing to undo"):
        report_store.undo(undone, "ada")
    saved = report_store.save(undone, undone.report.change(title="Other"), "ada")
    assert report_store.undo(saved, "ada").report == first.report
    assert report_store.read(first.id).revision == 7


def test_second_of_two_saves_is_a_conflict(report_store: ReportStore) -> None:
    seen = report_store.create(report_of("abcdef"), "ada")
    report_store.save(seen, seen.report.change(title="Bob's"), "bob")
    with pytest.raises(ReportConflictError, match=r"^bob changed this report at "):
        report_store.save(seen, seen.report.change(title="Ada's"), "ada")
    with pytest.raises(ReportConflictError):
        report_store.undo(seen.model_copy(update={"before": 1}), "ada")
    assert report_store.read(seen.id).report.title == "Bob's"


def save_at_once(path: str, report_id: str, number: int, start: Any, results: Any) -> None:
    report_store = ReportStore(Home(Path(path)))
    seen = report_store.read(report_id)
    start.wait()
    try:
        report_store.save(seen, seen.report.change(title=f"Of {number}"), str(number))
        results.put(number)
    except ReportConflictError:
        results.put(None)


def test_one_of_many_concurrent_saves_wins(report_store: ReportStore, home: Home) -> None:
    seen = report_store.create(report_of("abcdef"), "ada")
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
    draft = report_store.read(seen.id)
    assert (draft.revision, draft.report.title) == (2, f"Of {winners[0]}")


def test_save_after_the_check_of_another_one_is_a_conflict(
    report_store: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = report_store.create(report_of("abcdef"), "ada")
    read = ReportStore.read

    def read_slowly(self: ReportStore, report_id: str) -> Draft:
        found = read(self, report_id)
        monkeypatch.undo()
        report_store.save(seen, seen.report.change(title="Bob's"), "bob")
        return found

    monkeypatch.setattr(ReportStore, "read", read_slowly)
    with pytest.raises(ReportConflictError):
        report_store.save(seen, seen.report.change(title="Ada's"), "ada")
    assert report_store.read(seen.id).report.title == "Bob's"


def test_published_version_stays_when_draft_runs_and_notes_change(
    report_store: ReportStore, store: RunStore, runs: Comparison
) -> None:
    draft = report_store.create(write_default(runs, "First").change(blocks=(ChartBlock(display="heads"),)), "ada")
    published = report_store.publish(draft, build_document(draft.report, store), "ada")
    assert published.address == f"{draft.id}-1"
    assert published.checksum == published.document.checksum
    later = report_store.save(draft, draft.report.change(title="Second", blocks=()), "ada")
    second = report_store.publish(later, build_document(later.report, store), "ada")
    for run in runs.runs:
        store.delete(run.run_id)
    saved = ReportStore(report_store.home)
    assert saved.open(published.address) == published
    assert saved.open(draft.id) == second
    assert (saved.open(f"{draft.id}-1").document.title, second.version) == ("First", 2)
    with pytest.raises(RunNotFoundError, match="All runs of this report were deleted: "):
        build_document(later.report, store)


def test_draft_that_changed_meanwhile_is_not_published(
    report_store: ReportStore, store: RunStore, runs: Comparison
) -> None:
    draft = report_store.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "ada")
    document = build_document(draft.report, store)
    report_store.save(draft, draft.report.change(title="Newer"), "bob")
    with pytest.raises(ReportConflictError):
        report_store.publish(draft, document, "ada")
    assert report_store.versions(draft.id) == ()


def test_report_is_removed_with_its_versions_and_comes_back(
    report_store: ReportStore, store: RunStore, runs: Comparison
) -> None:
    draft = report_store.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "ada")
    published = report_store.publish(draft, build_document(draft.report, store), "ada")
    report_store.remove(draft.id)
    assert report_store.entries() == []
    for ask in (report_store.read, report_store.open, report_store.remove):
        with pytest.raises(ReportError, match=f"^Report {draft.id} was deleted. You can restore it on "):
            ask(draft.id)
    assert [*report_store.removed()] == [draft.id]
    report_store.restore(draft.id)
    assert report_store.open(draft.id) == published
    with pytest.raises(ReportError, match="is not in the trash"):
        report_store.restore(draft.id)
    report_store.remove(draft.id)
    report_store.clear()
    assert [*report_store.removed()] == []


@pytest.mark.parametrize("name", ["../x", "r", "R7k2m9qx", "r7k2m9qx-0", "r7k2m9qx/..", "", "x" * 10_000])
def test_address_that_is_none_is_refused(report_store: ReportStore, name: str) -> None:
    for ask in (report_store.open, split_address):
        with pytest.raises(ReportError, match="Expected a report ID such as 'r7k2m9qx'"):
            ask(name)
    with pytest.raises(ReportError):
        report_store.read(name)


def test_version_that_is_not_there_is_named(report_store: ReportStore) -> None:
    draft = report_store.create(report_of("abcdef"), "")
    with pytest.raises(ReportError, match="has no published version"):
        report_store.open(draft.id)
    with pytest.raises(ReportError, match="has no version 7"):
        report_store.open(f"{draft.id}-7")


@given(st.integers(0, 2**48 - 1))
def test_no_id_of_a_run_can_be_taken_for_a_report(number: int) -> None:
    run_id = f"{number:012x}"
    assert not any(is_address(run_id[:length]) for length in range(13))


@pytest.mark.parametrize("change", [lambda text: text[:-40], lambda text: text.replace("GAP", "GMP"), lambda _: "[]"])
def test_published_file_that_was_changed_is_noticed(
    report_store: ReportStore, store: RunStore, runs: Comparison, change: Callable[[str], str]
) -> None:
    draft = report_store.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "")
    report_store.publish(draft, build_document(draft.report, store), "")
    path = report_store.home.reports / draft.id / "published-1.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(ReportError, match=r"is damaged \((the file cannot be read|checksum mismatch)\)\."):
        report_store.open(draft.id)


def test_draft_without_a_whole_revision_is_listed_as_damaged(report_store: ReportStore) -> None:
    good, bad = report_store.create(report_of("abcdef"), ""), report_store.create(report_of("abcdef"), "")
    (report_store.home.reports / bad.id / "draft-000001.json").write_text("{")
    reopened = ReportStore(report_store.home)
    assert [entry.draft for entry in reopened.entries()] == [good]
    assert "draft-000001.json cannot be read" in reopened.damaged()[bad.id]
    with pytest.raises(ReportError, match=r"is damaged: draft-000001.json cannot be read"):
        report_store.read(bad.id)


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b'{"id": "rabcdefg"}'])
def test_last_whole_revision_replaces_a_damaged_one_with_a_notice(report_store: ReportStore, content: bytes) -> None:
    first = report_store.create(report_of("abcdef"), "ada")
    second = report_store.save(first, first.report.change(title="Second"), "ada")
    report_store.save(second, second.report.change(title="Third"), "ada")
    damaged = report_store.home.reports / first.id / "draft-000003.json"
    damaged.write_bytes(content)
    store = ReportStore(report_store.home)
    [entry] = store.entries()
    assert (entry.draft, store.read(first.id)) == (second, second)
    assert entry.notice.startswith(f"The latest revision of report {first.id} is damaged. This is the revision of ")
    saved = store.save(second, second.report.change(title="Fourth"), "bob")
    assert (saved.revision, saved.before, store.read(first.id)) == (4, 2, saved)
    assert (store.entries()[0].notice, store.undo(saved, "bob").report.title) == ("", "Second")
    assert damaged.read_bytes() == content


def test_saved_work_is_on_the_disk_before_it_is_shown(
    report_store: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    draft = report_store.create(report_of("abcdef"), "ada")
    folder = report_store.home.reports / draft.id
    assert synced == [(folder / "draft-000001.json").stat().st_ino, folder.stat().st_ino]


def test_report_of_too_many_runs_is_refused(runs: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.reports.report.MAX_RUNS", 3)
    with pytest.raises(ReportError, match=r"^A report may have at most 3 runs; this one has 4\. Select fewer runs\.$"):
        write_default(runs)
    with pytest.raises(ReportError, match="at most 3 runs"):
        report_of("abcdef").change(runs=tuple(run.run_id for run in runs.runs))
