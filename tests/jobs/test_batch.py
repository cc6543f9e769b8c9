"""Batches and comparisons of jobs that end while they are read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from unittest.mock import patch

import pytest

from core.home import Home
from core.jobs.batch import find_ended, list_finished_together, list_latest_batch
from core.jobs.comparison_choice import SWEEP, choose_runs
from core.jobs.comparison_list import find_listed
from core.jobs.database import JobDatabase
from core.jobs.failure_reason import DIVERGED
from core.jobs.pending import list_pending
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import keep_sweep
from core.spec import RunSpec
from core.store.comparison import list_offers
from core.store.index import Index
from core.store.run_store import RunStore
from core.store.saved_comparison import save_runs
from core.ui.comparison_list import find_all_listed
from tests.support.run_writer import RunWriter

MOST_READS = 10


@contextmanager
def interrupted(at: int, action: Callable[[], None]) -> Iterator[None]:
    """Call an action before the read number `at` of the job table or of the list of runs."""
    select, refresh, reads = JobDatabase.select, Index.refresh, count()

    def meanwhile() -> None:
        read = next(reads)
        assert read < MOST_READS
        if read == at:
            action()

    def read_jobs(table: JobDatabase, *values: object) -> list[tuple[object, ...]]:
        meanwhile()
        return select(table, *values)  # type: ignore[arg-type]

    def read_runs(index: Index) -> None:
        meanwhile()
        refresh(index)

    with patch.object(JobDatabase, "select", read_jobs), patch.object(Index, "refresh", read_runs):
        yield


def finish(home: Home) -> str:
    """Finish the next job as a worker and a dispatcher do: first the run, then the state."""
    job = JobQueue(home).claim()
    assert job is not None
    RunStore(home).restore(job.run_id)
    JobQueue(home).settle(job, "finished")
    return job.run_id


@pytest.fixture
def specs(home: Home, make_run: RunWriter) -> list[RunSpec]:
    """Specs of two heads, in the queue since one submission; their runs are in the trash."""
    make_run(epochs=9, predictions=False)  # another comparison
    found = [make_run(head=head, predictions=False).spec for head in ("gap", "dense")]
    for spec in found:
        RunStore(home).delete(spec.run_id)
    JobQueue(home).submit(found, "ada")
    return found


def test_batch_is_never_shown_without_the_job_that_ends_meanwhile(home: Home, specs: list[RunSpec]) -> None:
    ids = {spec.run_id for spec in specs}
    store = RunStore(home)
    for at in range(MOST_READS):
        JobQueue(home).submit([spec for spec in specs if store.path(spec.run_id) is None], "ada")
        first = finish(home)
        with interrupted(at, lambda: finish(home) and None):
            jobs = list_latest_batch(home, 0.0)
            batch = find_ended(store, [spec.run_id for spec in specs])
        assert {job.run_id for job in jobs} in (set(), ids)
        assert batch is None or set(batch.finished) == ids
        if store.path(next(iter(ids - {first}))) is None:
            finish(home)
        assert {job.run_id for job in list_latest_batch(home, 0.0)} == ids
        assert set(list_finished_together(store, first)) == ids
        for run_id in ids:
            store.delete(run_id)


def test_comparison_of_finished_runs_contains_both_heads_whenever_the_second_one_finishes(
    home: Home, specs: list[RunSpec]
) -> None:
    store = RunStore(home)
    for at in range(MOST_READS):
        JobQueue(home).submit(specs, "ada")
        first = finish(home)
        with interrupted(at, lambda: finish(home) and None):
            together = list_finished_together(store, first)
            key = find_listed(find_all_listed(store), together)
        assert key.startswith("recipe:")
        if JobQueue(home).unfinished():
            finish(home)
        assert set(choose_runs(store, [key]).run_ids) == {spec.run_id for spec in specs}
        for spec in specs:
            store.delete(spec.run_id)


def test_unfinished_jobs_are_pending_in_every_kind_of_comparison_that_they_belong_to(
    home: Home, specs: list[RunSpec]
) -> None:
    store = RunStore(home)
    JobQueue(home).submit([specs[0].replace(epochs=4)])  # belongs to none of them
    finished = finish(home)
    offer = next(offer for offer in list_offers(store.frame()) if finished in offer.run_ids)
    sweep = keep_sweep(home, "digits-heads", ["epochs"], specs)
    saved = save_runs(home, "Both", (finished,))
    waiting = [specs[1].run_id]
    for key in (offer.key, SWEEP + sweep.sweep_id, f"runs:{finished},{waiting[0]}"):
        assert list_pending(store, key) == waiting
    for key in (f"saved:{saved.saved_id}", f"runs:{finished}", "recipe:kmnist-heads", "sweep:0", "saved:0", "recipe:"):
        assert list_pending(store, key) == []
    finish(home)
    assert list_pending(store, offer.key) == []


def test_notice_of_a_sweep_counts_the_states_of_runs_without_results(
    home: Home, store: RunStore, make_run: RunWriter, no_dispatcher: None
) -> None:
    finished, *others = [make_run(seed=seed).spec for seed in range(6)]
    for spec in others:
        store.delete(spec.run_id)
    queue = JobQueue(home)
    queue.submit(others[:4])
    for reason in (f"{DIVERGED}the loss is not a number.", "Out of memory."):
        job = queue.claim()
        assert job
        queue.settle(job, "failed", reason)
    queue.claim()
    sweep = keep_sweep(home, "digits-heads", ["learning_rate"], [finished, *others])
    assert choose_runs(store, [f"{SWEEP}{sweep.sweep_id}"]).notice == (
        "5 of 6 runs of this sweep have no results: 1 diverged, 1 failed, 1 in training, 1 queued, 1 deleted or not "
        "trained."
    )
