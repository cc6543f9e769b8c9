"""Executor for a Ray cluster. Ray manages placement, GPUs and nodes; the dispatcher manages attempts and retries."""

import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from core.entry_point import TRAINING, build_command
from core.errors import ClusterError, JobError
from core.files import read_file, replacing
from core.home import Home
from core.jobs.executor import Status
from core.jobs.health import write_health
from core.jobs.local_executor import read_limit
from core.jobs.process import ROOT
from core.jobs.progress import read_log
from core.jobs.ray_client import Cluster

_POLL_SECONDS = 1.0
_POLLS_PER_SECOND = 20
_COUNT_SECONDS = 10.0
_RETRY_SECONDS = 10.0
_STOP_SECONDS = 2.0
_MAX_NAME_BYTES = 1000
_FORWARDED_VARIABLES = ("KERAS_HOME",)
_RUNNING = Status("running")
_SHELL_ERROR = "A node cannot start the training. Code, Python and home must have the same paths on all nodes"

Result = TypeVar("Result")


class RayJobsExecutor:
    """Executor that submits each attempt to Ray Jobs as `<home's name>-<handle>`, so homes can share a cluster.

    While the head node cannot be reached, no attempts are started or counted as ended; the request is retried every ten
    seconds. An attempt that could not be submitted counts as running and is submitted later.

    Args:
        module: the module that each process runs with `python -m`.

    Raises:
        JobError: when HEADROOM_SLOTS is not a valid number.
        HomeError: when the home is not writable.
    """

    def __init__(self, home: Home, cluster: Cluster, *, module: str = TRAINING) -> None:
        self.home = home
        self.cluster = cluster
        self.module = module
        self._name = _name_home(home)
        self._limit = read_limit()
        self._slots = 0
        self._count_at = 0.0
        self._retry_at = 0.0
        self._problem = ""
        self._unsent: dict[str, Path] = {}
        self._poll_at: dict[str, float] = {}
        self._stop_at: dict[str, float] = {}
        self._shell_errors: dict[str, str] = {}
        write_health(home, "")

    @property
    def slots(self) -> int:
        if self._problem or not self._slots or time.monotonic() >= self._count_at:
            self._count_at = time.monotonic() + _COUNT_SECONDS
            self._slots = self._call(self._count) or 0
        return self._slots

    def _count(self) -> int:
        slots = self.cluster.count_slots()
        if not slots:
            resources = f"{self.cluster.cpus:g} CPU" + (f" and {self.cluster.gpus:g} GPU" if self.cluster.gpus else "")
            raise ClusterError(
                f"No node of the Ray cluster at {self.cluster.address} has {resources}. "
                "Check HEADROOM_RAY_CPUS and HEADROOM_RAY_GPUS."
            )
        return slots if self._limit is None else min(slots, self._limit)

    def start(self, handle: str, folder: Path) -> None:
        self._unsent[handle] = folder
        self._stop_at.pop(handle, None)
        self._send(handle)

    def _send(self, handle: str) -> None:
        command = self._write_command(self._unsent[handle])
        environment = {name: os.environ[name] for name in _FORWARDED_VARIABLES if os.environ.get(name)}
        if 0 < self.cluster.gpus < 1:
            environment["HEADROOM_GPU_SHARE"] = f"{self.cluster.gpus:g}"
        metadata = {"home": str(self.home.path)}

        def submit() -> bool:
            self.cluster.submit(self._name_job(handle), command, environment, metadata)
            return True

        if self._call(submit):
            del self._unsent[handle]

    def _write_command(self, folder: Path) -> str:
        """Return the shell command of an attempt. Its output goes to the job log; Ray's log has only shell errors."""
        training = shlex.join(build_command(self.module, str(folder)))
        log = shlex.quote(str(folder / "log.txt"))
        return (
            f"cd {shlex.quote(str(ROOT))} && scratch=$(mktemp -d) && TMPDIR=$scratch {training} >>{log} 2>&1; "
            'code=$?; rm -rf "$scratch"; exit $code'
        )

    def poll(self, handle: str) -> Status:
        if handle in self._unsent:
            if handle in self._stop_at:
                del self._unsent[handle]
                return self._end(handle, Status("stopped"))
            self._send(handle)
            return _RUNNING
        if time.monotonic() < self._poll_at.get(handle, 0.0):
            return _RUNNING
        self._poll_at[handle] = time.monotonic() + max(_POLL_SECONDS, len(self._poll_at) / _POLLS_PER_SECOND)
        found = self._call(lambda: self.cluster.read_job(self._name_job(handle)) or {})
        if found is None:
            return _RUNNING
        status = _read_status(found)
        if not status.ended:
            return _RUNNING
        self._shell_errors[handle] = _read_shell_error(found)
        if handle in self._stop_at and status.state != "ok":
            status = Status("stopped", status.exit_code)
        return self._end(handle, status)

    def _end(self, handle: str, status: Status) -> Status:
        self._poll_at.pop(handle, None)
        self._stop_at.pop(handle, None)
        if status.state != "ok":
            self._fence(handle)
        return status

    def stop(self, handle: str) -> None:
        now = time.monotonic()
        if now < self._stop_at.get(handle, 0.0):
            return
        if handle not in self._stop_at:
            self._fence(handle)
        self._stop_at[handle] = now + _STOP_SECONDS
        if handle not in self._unsent:
            self._call(lambda: self.cluster.stop(self._name_job(handle)))
            self._poll_at.pop(handle, None)

    def logs(self, handle: str) -> str:
        """Return the end of the job log, followed by the reason why the node could not start the training, if any."""
        error = self._shell_errors.get(handle, "")
        return read_log(self.home, handle.partition("-")[0]) + (f"\n{_SHELL_ERROR}: {error}." if error else "")

    def _fence(self, handle: str) -> None:
        """Invalidate the attempt number in the job folder, so that a process that Ray lost stops on its own, also while
        the head node cannot be reached."""
        path = self.home.jobs / handle.partition("-")[0] / "attempt"
        try:
            if int(path.read_text(encoding="utf-8")) != int(handle.rpartition("-")[2]):
                return  # the next attempt has started
            path.write_text("0\n", encoding="utf-8")  # not atomically: a published folder must not be created again
        except (OSError, ValueError):
            pass

    def _name_job(self, handle: str) -> str:
        return f"{self._name}-{handle}"

    def _call(self, request: Callable[[], Result]) -> Result | None:
        """Send a request; None if it fails. The error is logged once and written to the dispatcher health."""
        if time.monotonic() < self._retry_at:
            return None
        try:
            result = request()
        except ClusterError as error:
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            self._report(str(error))
            return None
        if self._problem:
            self._report("")
        return result

    def _report(self, message: str) -> None:
        if message != self._problem:
            line = message or f"Ray at {self.cluster.address} is reachable again."
            print(time.strftime("%Y-%m-%d %H:%M:%S"), line, file=sys.stderr, flush=True)
        self._problem = message
        write_health(self.home, message)


def _name_home(home: Home) -> str:
    """Return the name of a home: eight random hexadecimal digits, so a new home under the same path has a new name.

    Raises:
        JobError: when the file with the name is damaged.
    """
    path = home.jobs / "ray-name"
    if not path.exists():
        with replacing(path) as temporary:
            temporary.write_text(uuid4().hex[:8], encoding="ascii")
    try:
        name = read_file(path, _MAX_NAME_BYTES).decode("ascii", errors="replace").strip()
    except OSError as error:
        raise JobError(f"Cannot read {path}: {error.strerror}. Delete it.") from None
    if len(name) != 8 or not name.isalnum():
        raise JobError(f"Expected eight hexadecimal digits in {path}; got {name!r:.60}. Delete the file.")
    return name


def _read_status(found: dict[str, Any]) -> Status:
    """Return the status of a submission from Ray's data about it, which is empty if Ray has no such submission.

    For a killed process, the shell returns 128 plus the signal number; for a killed shell, Python returns the negative
    signal number.
    """
    state, code = found.get("status"), found.get("driver_exit_code")
    if state in ("PENDING", "RUNNING"):
        return _RUNNING
    if state == "SUCCEEDED":
        return Status("ok", 0)
    if state == "STOPPED":
        return Status("stopped")
    if not isinstance(code, int):
        timed_out = "TIMEOUT" in str(found.get("error_type"))
        return Status("lost", reason="no node had free resources in time" if timed_out else "")
    return Status("lost", min(code, 128 - code)) if code < 0 or code > 128 else Status("failed", code)


def _read_shell_error(found: dict[str, Any]) -> str:
    """Return the last line of the submission's output that is not from Ray itself."""
    _, _, output = str(found.get("message") or "").partition("last available logs")
    lines = [line.strip() for line in output.splitlines()[1:]]
    own = [line for line in lines if line and "job_manager.py" not in line and "Running entrypoint for" not in line]
    return own[-1].rstrip(".") if own else ""
