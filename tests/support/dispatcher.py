"""Real dispatchers and workers: started, watched, killed."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from core.datasets.cache import open_dataset
from core.errors import JobError
from core.home import Home
from core.jobs.queue import Job, JobQueue
from core.spec import RunSpec
from core.store.history import read_history
from tests.support.paths import ROOT
from tests.support.stand_in_worker import STAND_IN

SPEC = RunSpec(dataset="digits", train_images=200, epochs=3)
LONG = SPEC.replace(epochs=1000)
Dispatch = Callable[..., subprocess.Popen[bytes]]


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Return whether a process runs; a killed process that its parent has not yet waited for does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.strip().startswith("Z")


def dispatcher_pid(home: Home) -> int | None:
    """Read the process ID without trying the lock: a dispatcher that starts meanwhile would believe that one runs."""
    path = home.jobs / "dispatcher.lock"
    text = path.read_text().strip() if path.exists() else ""
    return int(text) if text and int(text) != os.getpid() and alive(int(text)) else None


def worker_pid(home: Home, job: Job) -> int:
    path = home.jobs / "processes" / job.handle
    until(lambda: path.is_file() and path.read_text().strip())
    return int(path.read_text().split()[0])


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid))


def running(home: Home, spec: RunSpec) -> Job:
    """Wait until the first epoch of a run is recorded."""
    queue, run_id = JobQueue(home), spec.run_id
    until(lambda: not read_history_of(home, run_id).empty, 120)
    job = queue.job(run_id)
    assert job is not None
    assert job.state == "running"
    return job


def read_history_of(home: Home, run_id: str) -> pd.DataFrame:
    return read_history(home.jobs / run_id / "history.jsonl")


def state(home: Home, spec: RunSpec) -> str:
    job = JobQueue(home).job(spec.run_id)
    assert job is not None
    return job.state


def end_all(home: Home) -> None:
    """End all processes of a home, whatever state a failed test has left it in."""
    queue = JobQueue(home)
    for job in queue.unfinished():
        with contextlib.suppress(JobError):  # it has just ended
            queue.cancel(job.run_id)
    end = time.monotonic() + 10
    while dispatcher_pid(home) and queue.unfinished() and time.monotonic() < end:
        time.sleep(0.05)
    if pid := dispatcher_pid(home):
        kill(pid)
    for path in (home.jobs / "processes").glob("*-*"):
        if path.is_file() and path.read_text().strip() and alive(pid := int(path.read_text().split()[0])):
            os.killpg(pid, signal.SIGKILL)


def start_dispatcher(home: Home, *options: str, cwd: Path = ROOT, slots: int = 2) -> subprocess.Popen[bytes]:
    """Start a dispatcher whose jobs are stand-ins; it runs the code in `cwd`."""
    home.jobs.mkdir(parents=True, exist_ok=True)
    with (home.jobs / "dispatcher.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.jobs", str(home.path), "--module", STAND_IN, *options],
            cwd=cwd, env={**os.environ, "HEADROOM_SLOTS": str(slots)}, stderr=log, start_new_session=True,
        )  # fmt: skip
    until(lambda: dispatcher_pid(home) == process.pid)
    return process


def end_dispatcher(home: Home, process: subprocess.Popen[bytes]) -> None:
    end_all(home)
    process.kill()
    process.wait()


@contextmanager
def without_dispatcher(home: Home) -> Iterator[None]:
    """Hold the lock of the dispatcher, so that queued jobs stay queued."""
    home.jobs.mkdir(parents=True, exist_ok=True)
    with (home.jobs / "dispatcher.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def queue_up(home: Home, **settings: object) -> RunSpec:
    """Add a job to the table without starting a dispatcher."""
    spec = RunSpec(data=open_dataset(home, "digits").info.fingerprint, **settings)
    JobQueue(home).submit([spec])
    return spec
