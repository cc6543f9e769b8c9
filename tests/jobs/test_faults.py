"""Faults of a job's folder, process and machine, each of which ends in a state with a reason."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.datasets.cache import open_dataset, pin
from core.home import Home
from core.jobs.dispatcher import Dispatcher, ensure_dispatcher
from core.jobs.evidence_work import list_requested
from core.jobs.local_executor import LocalExecutor
from core.jobs.queue import Job, JobQueue
from core.jobs.submit import cancel_job, requeue_job, submit
from core.jobs.wait import wait
from core.spec import RunSpec
from core.store.run_store import RunStore
from tests.support.dispatcher import (
    LONG,
    SPEC,
    alive,
    dispatcher_pid,
    end_all,
    kill,
    read_history_of,
    running,
    until,
    worker_pid,
)
from tests.support.markers import long
from tests.support.paths import ROOT
from tests.support.stand_in_worker import STAND_IN

pytestmark = pytest.mark.xdist_group("faults")


@pytest.fixture
def home(digits_home: Home) -> Home:
    return digits_home


def read_job(home: Home, spec: RunSpec) -> Job:
    job = JobQueue(home).job(spec.run_id)
    assert job is not None
    return job


class LocalDispatcher(Dispatcher):
    """A dispatcher in this process, run step by step."""

    def until_ended(self, spec: RunSpec, seconds: float = 60.0) -> Job:
        end = time.monotonic() + seconds
        while spec.run_id in {job.run_id for job in self.queue.unfinished()}:
            assert time.monotonic() < end, "waited in vain"
            self.step()
            time.sleep(0.02)
        return read_job(self.home, spec)


def make_dispatcher(home: Home, system: Path = Path("/")) -> LocalDispatcher:
    return LocalDispatcher(home, LocalExecutor(home, warm=False, module=STAND_IN, system=system))


def test_deleted_folder_fails_with_a_message_and_the_job_restarts_from_scratch(home: Home) -> None:
    spec = pin(home, SPEC.replace(epochs=40))
    JobQueue(home).submit([spec])
    dispatcher = make_dispatcher(home)
    dispatcher.step()
    running(home, spec)
    shutil.rmtree(home.jobs / spec.run_id)
    job = dispatcher.until_ended(spec)
    assert (job.state, job.attempt) == ("failed", 1)
    assert job.reason == "The job folder was deleted during training. Retry the job; it starts from scratch."
    JobQueue(home).submit([spec])
    assert dispatcher.until_ended(spec).state == "finished"


def test_reused_process_id_is_not_killed(home: Home) -> None:
    """After a crash of the machine, dispatcher and worker have ended and another program has the process ID."""
    spec = pin(home, SPEC)
    queue = JobQueue(home)
    queue.submit([spec])
    job = queue.claim()
    assert job is not None
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        processes = home.jobs / "processes"
        processes.mkdir(parents=True)
        (processes / job.handle).write_text(f"{stranger.pid} ")
        queue.cancel(spec.run_id)  # so that the dispatcher would end that process
        assert make_dispatcher(home).until_ended(spec).state == "cancelled"
        assert stranger.poll() is None
        queue.submit([spec])
        job = queue.claim()
        assert job is not None
        (processes / job.handle).write_text(f"{stranger.pid} ")
        job = make_dispatcher(home).until_ended(spec)
        assert (job.state, job.attempt) == ("finished", 3)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_worker_killed_for_memory_fails_with_that_reason(home: Home, tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "vmstat").write_text("oom_kill 0\n")
    spec = pin(home, LONG)
    JobQueue(home).submit([spec])
    dispatcher = make_dispatcher(home, tmp_path)
    for kills in (1, 2, 3):
        dispatcher.step()
        pid = worker_pid(home, read_job(home, spec))
        (tmp_path / "proc" / "vmstat").write_text(f"oom_kill {kills}\n")
        kill(pid)
        dispatcher.step()
    job = dispatcher.until_ended(spec)
    assert (job.state, job.attempt) == ("failed", 3)
    assert job.reason.startswith("The training ran out of memory: the system killed 3 attempts.")


# -- real training ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Home whose dispatcher, with TensorFlow loaded, runs through several tests."""
    home = Home(tmp_path_factory.mktemp("faults"))
    open_dataset(home, "digits")
    yield home
    end_all(home)


TRAINING = RunSpec(train_images=1000, epochs=6)

_SUBMIT = """
import sys, time
from pathlib import Path
from core.home import Home
from core.jobs.submit import submit
from core.spec import RunSpec
print(submit(Home(Path(sys.argv[1])), RunSpec(train_images=1000, epochs=6, seed=1)).run_id, flush=True)
time.sleep(600)
"""


@pytest.mark.training
@long
def test_killing_submitter_dispatcher_and_worker_loses_and_repeats_nothing(trained: Home) -> None:
    spec = pin(trained, TRAINING.replace(seed=1))
    asker = subprocess.Popen(
        [sys.executable, "-c", _SUBMIT, str(trained.path)], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        pid = worker_pid(trained, running(trained, spec))
        dispatcher = dispatcher_pid(trained)
        assert dispatcher is not None
        for victim in (dispatcher, pid):
            os.kill(victim, signal.SIGKILL)
    finally:
        os.killpg(asker.pid, signal.SIGKILL)
        asker.communicate()
    until(lambda: not alive(dispatcher) and not alive(pid))
    waiting = pin(trained, TRAINING.replace(seed=2, epochs=1))
    JobQueue(trained).submit([waiting])
    assert ensure_dispatcher(trained)
    assert set(wait(trained, [spec.run_id, waiting.run_id]).values()) == {"finished"}
    assert read_job(trained, spec).attempt == 2
    assert RunStore(trained).open(spec.run_id).history["epoch"].tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.training
@long
def test_dispatcher_and_worker_survive_the_submitter(trained: Home) -> None:
    spec = pin(trained, TRAINING.replace(seed=3))
    script = _SUBMIT.replace("seed=1", "seed=3")
    asker = subprocess.Popen([sys.executable, "-c", script, str(trained.path)], cwd=ROOT, start_new_session=True)
    pid = worker_pid(trained, running(trained, spec))
    os.killpg(asker.pid, signal.SIGKILL)
    asker.wait()
    assert alive(pid)
    assert dispatcher_pid(trained)
    assert wait(trained, [spec.run_id]) == {spec.run_id: "finished"}
    assert read_job(trained, spec).attempt == 1


@pytest.mark.training
@long
def test_cancelled_training_continues_from_its_last_epoch(trained: Home) -> None:
    """Cancel within the ten seconds in which no checkpoint is due."""
    spec = pin(trained, TRAINING.replace(seed=4, epochs=12))
    submit(trained, spec)
    pid = worker_pid(trained, running(trained, spec))
    until(lambda: len(read_history_of(trained, spec.run_id)) > 1)
    folder = trained.jobs / spec.run_id
    started = time.monotonic()
    cancel_job(trained, spec.run_id)
    until(lambda: not alive(pid), 3)
    assert time.monotonic() - started < 3
    until(lambda: read_job(trained, spec).state == "cancelled")
    learned = len(read_history_of(trained, spec.run_id))
    assert [path.name for path in folder.glob("checkpoint-*")] == [f"checkpoint-{learned:04}.keras"]
    requeue_job(trained, spec.run_id, "cancelled")
    assert wait(trained, [spec.run_id]) == {spec.run_id: "finished"}
    run = RunStore(trained).open(spec.run_id)
    assert run.history["epoch"].tolist() == list(range(1, 13))
    assert f"from epoch {learned + 1} of 12" in (run.path / "log.txt").read_text()


@pytest.mark.training
@long
def test_evidence_of_a_trained_run_follows_it_and_survives_a_kill(trained: Home) -> None:
    home = Home(trained.path.with_name("evidence"))
    open_dataset(home, "digits")
    spec = pin(home, TRAINING.replace(train_images=200, epochs=1))
    JobQueue(home).submit([spec])
    dispatcher, store = LocalDispatcher(home, LocalExecutor(home, warm=False)), RunStore(home)
    assert dispatcher.until_ended(spec, 120).state == "finished"
    published = store.open(spec.run_id)
    assert published.awaits_evidence
    path = home.jobs / "processes" / f"{spec.run_id}-evidence1"
    until(lambda: (dispatcher.step(), path.is_file() and path.read_text().strip())[-1])
    kill(int(path.read_text()))
    assert published.awaits_evidence
    until(lambda: (dispatcher.step(), not list_requested(home))[-1], 120)
    found = store.open(spec.run_id)
    assert found.robustness is not None
    assert found.record.cost.latency_32_seconds
    assert found.predictions.test_probs.tolist() == published.predictions.test_probs.tolist()
    assert store.path(spec.run_id)


@pytest.mark.training
def test_spec_edited_between_claim_and_start_is_rejected(trained: Home) -> None:
    class EditingExecutor(LocalExecutor):
        def start(self, handle: str, folder: Path) -> None:
            edited = json.loads((folder / "spec.json").read_text()) | {"epochs": 1}
            (folder / "spec.json").write_text(json.dumps(edited))
            super().start(handle, folder)

    home = Home(trained.path.with_name("edited"))
    open_dataset(home, "digits")
    spec = pin(home, TRAINING)
    JobQueue(home).submit([spec])
    job = LocalDispatcher(home, EditingExecutor(home, warm=False)).until_ended(spec, 120)
    assert (job.state, job.attempt) == ("failed", 1)
    assert job.reason == (
        f"The spec.json of job {spec.run_id} belongs to run {spec.replace(epochs=1).run_id}. Submit the job again."
    )
    assert RunStore(home).path(spec.run_id) is None
    assert not home.runs.exists() or not list(home.runs.iterdir())
