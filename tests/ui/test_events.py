"""Pages that are open in other tabs while data are added, changed and removed."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.access.action import READ_ONLY
from core.datasets.custom.add import add_dataset
from core.datasets.custom.removed import remove_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import keep_sweep
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.report_store import ReportStore
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.dispatcher import queue_up
from tests.support.image_folder import make_folder
from tests.support.markers import LONG, long
from tests.support.page import PAGES, Open
from tests.support.run_writer import RunWriter

Events = dict[str, Callable[[], object]]


def list_tabs(runs: list[str], sweep: str, job: str, report: str) -> list[tuple[str, dict[str, str]]]:
    """Return every page, and the pages with a link to each kind of item."""
    return [
        *((page, {}) for page in PAGES),
        ("curves", {"compare": f"runs:{runs[0]},{runs[1]}"}),
        ("predictions", {"image": "3"}),
        ("evidence", {"compare": f"sweep:{sweep}", "evidence": "agreement"}),
        ("train", {"dataset": "folder", "recipe": "folder-heads", "folder": "mine"}),
        ("jobs", {"followed": sweep}),
        ("run", {"run": job}),
        ("run", {"run": runs[0]}),
        ("augmentation", {"data": "folder-mine"}),
        ("reports", {"report": report, "editing": "true"}),
        ("reports", {"report": f"{report}-1"}),
    ]


@pytest.mark.parametrize("kind", ["changes", pytest.param("removals", marks=long)])
def test_open_page_keeps_its_heading_and_says_at_most_once_what_happened(
    open_page: Open, home: Home, two_heads: list[str], make_run: RunWriter, no_dispatcher: None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, kind: str,
) -> None:  # fmt: skip
    others = [make_run(head=head, epochs=5).run_id for head in ("gap", "dense")]
    folder = make_folder(tmp_path / "pictures", {"red": 12, "blue": 12})
    add_dataset(home, "mine", folder)
    job = queue_up(home, filters=8)
    waiting = queue_up(home, filters=16)
    store, reports, queue = RunStore(home), ReportStore(home), JobQueue(home)
    comparison = Comparison.of(store.open_all(two_heads))
    sweep = keep_sweep(home, "digits-heads", [], [run.spec for run in comparison.runs])
    draft = reports.create(write_default(comparison), "ada")
    reports.publish(draft, build_document(draft.report, store), "ada")
    tabs = list_tabs(two_heads, sweep.sweep_id, job.run_id, draft.id)
    opened = [(page, params, open_page(page, **params)) for page, params in (tabs if LONG else tabs[::4])]
    changes: Events = {
        "nothing": lambda: None,
        "dataset added": lambda: add_dataset(home, "other", make_folder(tmp_path / "others", {"red": 9, "green": 9})),
        "run added": lambda: make_run(head="gap", seed=7),
        "comparison added": lambda: [make_run(head=head, seed=seed) for head in ("gap", "dense") for seed in range(4)],
        "job failed": lambda: change_jobs(queue, "UPDATE job SET state = 'failed', reason = 'Out of memory.'"),
        "read-only": lambda: monkeypatch.setenv(READ_ONLY, "1"),
        "run deleted": lambda: store.delete(two_heads[0]),
    }
    removals: Events = {
        "sweep removed": lambda: (home.jobs / "sweeps" / f"{sweep.sweep_id}.json").unlink(),
        "job removed": lambda: change_jobs(queue, f"DELETE FROM job WHERE run_id = '{job.run_id}'"),
        "report deleted": lambda: reports.remove(draft.id),
        "dataset removed": lambda: remove_dataset(home, "folder-mine"),
        "comparison deleted": lambda: [store.delete(run_id) for run_id in two_heads],
        "runs deleted": lambda: [store.delete(run_id) for run_id in others],
        "jobs removed": lambda: change_jobs(queue, "DELETE FROM job"),
        "home moved": lambda: home.path.rename(tmp_path / "moved"),
    }
    assert waiting != job
    events = changes if kind == "changes" else removals
    for event, happen in events.items():
        if not LONG and event != "run deleted":
            continue
        happen()
        for page, params, app in opened:
            check_page(app.run(), f"{page} {params} after {event}")


def change_jobs(queue: JobQueue, statement: str) -> None:
    with closing(sqlite3.connect(queue.path)) as table, table:
        table.execute(statement)
        table.execute("UPDATE job SET ended_at = ? WHERE state = 'failed'", (time.time(),))


def check_page(app: AppTest, where: str) -> None:
    assert not app.exception, where
    assert len(app.title) == 1, where
    known = ("Out of memory.", "The dispatcher is not running")  # of the job that failed, and of the test
    messages = [message.value for message in [*app.error, *app.warning] if not message.value.startswith(known)]
    assert len(messages) <= 1, (where, messages)
    assert not [message for message in messages if "log" in message or "Expected" in message], (where, messages)
