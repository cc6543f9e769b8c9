"""Evidence that follows the publication of a run: computed when no job needs the slot, whatever is killed meanwhile."""

import os
import signal
import time

import pytest

from core.datasets.cache import pin
from core.home import Home
from core.jobs.dispatcher import Dispatcher, ensure_dispatcher
from core.jobs.evidence_work import list_requested
from core.jobs.local_executor import LocalExecutor
from core.jobs.queue import JobQueue
from core.store.evidence import EVIDENCE, request_evidence
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.dispatcher import SPEC, until
from tests.support.stand_in_worker import EVIDENCE_CRASHES, EVIDENCE_FAILS, STAND_IN, WITH_EVIDENCE

pytestmark = pytest.mark.xdist_group("jobs")

LATER = WITH_EVIDENCE + 3


@pytest.fixture
def home(digits_home: Home) -> Home:
    return digits_home


@pytest.fixture
def dispatcher(home: Home, monkeypatch: pytest.MonkeyPatch) -> Dispatcher:
    monkeypatch.setenv("HEADROOM_SLOTS", "1")
    return make_dispatcher(home)


def make_dispatcher(home: Home) -> Dispatcher:
    return Dispatcher(home, LocalExecutor(home, warm=False, module=STAND_IN))


def publish(home: Home, seed: int = LATER) -> Run:
    """Publish a run whose evidence was requested."""
    from tests.support.stand_in_worker.__main__ import record

    spec = pin(home, SPEC.replace(seed=seed))
    folder = home.jobs / spec.run_id
    folder.mkdir(parents=True)
    (folder / "record.json").write_text(record(home, spec).model_dump_json())
    request_evidence(home, spec.run_id)
    return RunStore(home).publish(folder)


def step_until(dispatcher: Dispatcher, condition) -> None:
    until(lambda: (dispatcher.step(), time.sleep(0.02), condition())[-1])


def read(home: Home, run: Run) -> Run:
    return Run.open(home.runs / run.run_id)


def pid_of(home: Home, run: Run) -> int | None:
    """Return the process that computes the evidence of a run."""
    for path in (home.jobs / "processes").glob(f"{run.run_id}-evidence*"):
        if path.is_file() and len(values := path.read_text().split()) == 1:
            return int(values[0])
    return None


def test_run_is_finished_before_its_evidence_and_lists_show_it_later(home: Home, dispatcher: Dispatcher) -> None:
    spec = pin(home, SPEC.replace(seed=LATER))
    queue, store = JobQueue(home), RunStore(home, examples=home.path / "none")
    queue.submit([spec])
    step_until(dispatcher, lambda: queue.job(spec.run_id).state == "finished")
    run = store.open(spec.run_id)
    assert run.awaits_evidence
    assert store.frame()["latency_32_seconds"].isna().all()
    assert list_requested(home) == [spec.run_id]
    step_until(dispatcher, lambda: not list_requested(home))
    assert not read(home, run).awaits_evidence
    until(lambda: store.frame()["latency_32_seconds"].tolist() == [2e-3])
    assert not (home.evidence / spec.run_id).exists()
    assert store.path(spec.run_id)
    assert not dispatcher.step()


def test_job_takes_the_slot_of_evidence_which_is_computed_afterwards(home: Home, dispatcher: Dispatcher) -> None:
    run, job = publish(home), pin(home, SPEC.replace(seed=1))
    step_until(dispatcher, lambda: pid_of(home, run))
    JobQueue(home).submit([job])
    begin = time.monotonic()
    step_until(dispatcher, lambda: JobQueue(home).running())
    assert time.monotonic() - begin < 1
    assert pid_of(home, run) is None
    queue = JobQueue(home)
    step_until(dispatcher, lambda: queue.job(job.run_id).state == "finished" and not list_requested(home))
    assert not read(home, run).awaits_evidence


def test_killed_processes_lose_no_evidence(home: Home, dispatcher: Dispatcher) -> None:
    run = publish(home)
    step_until(dispatcher, lambda: pid_of(home, run))
    os.kill(pid_of(home, run), signal.SIGKILL)
    step_until(dispatcher, lambda: (home.evidence / run.run_id / "attempt").read_text() == "2\n")
    step_until(dispatcher, lambda: pid_of(home, run))
    dispatcher = make_dispatcher(home)  # as after SIGKILL of the dispatcher: it follows the process
    assert dispatcher._evidence.running == 1
    step_until(dispatcher, lambda: not list_requested(home))
    assert not read(home, run).awaits_evidence


@pytest.mark.parametrize(("seed", "problem"), [(EVIDENCE_FAILS, "There is no evidence."), (EVIDENCE_CRASHES, "killed")])
def test_evidence_that_keeps_failing_ends_with_its_reason(
    home: Home, dispatcher: Dispatcher, seed: int, problem: str
) -> None:
    run = publish(home, seed)
    step_until(dispatcher, lambda: not list_requested(home))
    assert problem in (run.path / EVIDENCE).read_text()
    found = read(home, run)
    assert (found.awaits_evidence, found.robustness, found.record.cost.latency_32_seconds) == (False, None, None)
    assert RunStore(home).path(run.run_id)


def test_request_of_a_deleted_run_waits_until_it_is_restored(home: Home, dispatcher: Dispatcher) -> None:
    run, store = publish(home), RunStore(home)
    store.delete(run.run_id)
    assert not dispatcher.step()
    assert not ensure_dispatcher(home)
    store.restore(run.run_id)
    step_until(dispatcher, lambda: not list_requested(home))
    assert not read(home, run).awaits_evidence


def test_paused_queue_computes_no_evidence(home: Home, dispatcher: Dispatcher) -> None:
    run = publish(home)
    JobQueue(home).submit([pin(home, SPEC.replace(seed=1))])
    JobQueue(home).pause()
    assert not dispatcher.step()
    assert pid_of(home, run) is None
