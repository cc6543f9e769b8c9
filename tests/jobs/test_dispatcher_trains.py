"""The dispatcher that a submission starts, with real training."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from core.datasets.cache import open_dataset, pin
from core.errors import RunDamagedError
from core.home import Home
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.queue import JobQueue
from core.jobs.submit import submit
from core.jobs.wait import wait
from core.spec import RunSpec
from core.store.run_store import RunStore
from tests.support.dispatcher import (
    SPEC,
    alive,
    dispatcher_pid,
    end_all,
    kill,
    running,
    until,
    worker_pid,
)
from tests.support.markers import long
from tests.support.paths import ROOT
from tests.support.run_store import change_byte

pytestmark = pytest.mark.xdist_group("jobs")
TRAINING = SPEC.replace(train_images=1000, epochs=6)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Home whose dispatcher, with TensorFlow loaded, runs through several tests unless one kills it."""
    home = Home(tmp_path_factory.mktemp("trained"))
    open_dataset(home, "digits")
    yield home
    end_all(home)


def assert_every_epoch_once(home: Home, spec: RunSpec) -> None:
    assert RunStore(home).open(spec.run_id).history["epoch"].tolist() == list(range(1, spec.epochs + 1))


def attempt(home: Home, spec: RunSpec) -> int:
    job = JobQueue(home).job(spec.run_id)
    assert job is not None
    return job.attempt


@pytest.mark.training
def test_killed_worker_is_replaced(trained: Home) -> None:
    spec = pin(trained, TRAINING.replace(seed=1))
    assert submit(trained, spec).status == "queued"
    kill(worker_pid(trained, running(trained, spec)))
    assert wait(trained, [spec.run_id]) == {spec.run_id: "finished"}
    assert attempt(trained, spec) == 2
    assert_every_epoch_once(trained, spec)
    assert submit(trained, spec).status == "finished"


@pytest.mark.training
@long  # test_dispatcher.py has the same with a stand-in worker
def test_killed_dispatcher_is_replaced_and_the_worker_adopted(trained: Home) -> None:
    spec = pin(trained, TRAINING.replace(seed=3))
    submit(trained, spec)
    pid = worker_pid(trained, running(trained, spec))
    kill(dispatcher_pid(trained))
    assert alive(pid)
    assert ensure_dispatcher(trained)
    assert wait(trained, [spec.run_id]) == {spec.run_id: "finished"}
    assert attempt(trained, spec) == 1
    assert_every_epoch_once(trained, spec)


@pytest.mark.training
@long
def test_command_in_the_message_of_a_damaged_run_repairs_it(trained: Home) -> None:
    spec = pin(trained, SPEC.replace(epochs=1, seed=5, head="gmp_dense", units=16))
    submit(trained, spec)
    # A run counts as finished once it is published; a dispatcher that then finds it damaged would train it itself.
    queue = JobQueue(trained)
    until(lambda: (job := queue.job(spec.run_id)) is not None and job.ended_at)
    store = RunStore(trained)
    path = store.open(spec.run_id).path / "predictions.npz"
    whole = store.open(spec.run_id).predictions
    change_byte(path, keep_times=False)
    with pytest.raises(RunDamagedError, match=r"is damaged \(checksum mismatch\)\. Delete ") as caught:
        _ = store.open(spec.run_id).predictions
    words = shlex.split(str(caught.value).partition("train it again: headroom ")[2])
    command = [sys.executable, "-m", "core", *words]
    env = {**os.environ, "HEADROOM_HOME": str(trained.path)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{spec.run_id}\n"), done.stderr
    assert "cached" not in done.stderr
    repaired = store.open(spec.run_id)
    repaired.verify()
    assert all((getattr(repaired.predictions, name) == array).all() for name, array in vars(whole).items())
    assert submit(trained, spec).status == "finished"
    assert len(list(trained.runs.glob(f".damaged-{spec.run_id}-*"))) == 1
