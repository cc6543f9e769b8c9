"""Jobs on a Ray cluster: placement, GPUs and the health of nodes are Ray's, attempts and retries the dispatcher's."""

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
from core.files import replacing
from core.home import Home
from core.jobs.executor import Status
from core.jobs.health import write_health
from core.jobs.local_executor import read_limit
from core.jobs.process import ROOT
from core.jobs.progress import read_log
from core.jobs.ray_client import Cluster

_LOOK_SECONDS = 1.0
_LOOKS_PER_SECOND = 20
_COUNT_SECONDS = 10.0
_RETRY_SECONDS = 10.0
_STOP_SECONDS = 2.0
_PASSED_ON = ("KERAS_HOME",)
_RUNNING = Status("running")
_SHELL_WORDS = "Expected every node to have the code, its Python and the home under the paths that they have here; got"

Answer = TypeVar("Answer")


class RayJobsExecutor:
    """An attempt is a submission of Ray Jobs, named `<home's name>-<handle>`: two homes may share a cluster.

    While the head does not answer nothing is started and nothing is taken for ended; it is asked again every ten
    seconds. An attempt that could not be submitted for that reason counts as running and is submitted later.

    Args:
        module: what each process runs, as `python -m` would.

    Raises:
        JobError: when HEADROOM_SLOTS is no sensible number.
        HomeError: when the home cannot be written.
    """

    def __init__(self, home: Home, cluster: Cluster, *, module: str = TRAINING) -> None:
        self.home = home
        self.cluster = cluster
        self.module = module
        self._name = _name_home(home)
        self._limit = read_limit()
        self._room = 0
        self._count_at = 0.0
        self._rests_until = 0.0
        self._trouble = ""
        self._unsent: dict[str, Path] = {}
        self._look_at: dict[str, float] = {}
        self._stop_at: dict[str, float] = {}
        self._words: dict[str, str] = {}
        write_health(home, "")

    @property
    def slots(self) -> int:
        if self._trouble or not self._room or time.monotonic() >= self._count_at:
            self._count_at = time.monotonic() + _COUNT_SECONDS
            self._room = self._ask(self._count) or 0
        return self._room

    def _count(self) -> int:
        room = self.cluster.count_slots()
        if not room:
            wanted = f"{self.cluster.cpus:g} CPU" + (f" and {self.cluster.gpus:g} GPU" if self.cluster.gpus else "")
            raise ClusterError(f"Expected a node with {wanted} in the cluster at {self.cluster.address}; got none.")
        return room if self._limit is None else min(room, self._limit)

    def start(self, handle: str, folder: Path) -> None:
        self._unsent[handle] = folder
        self._stop_at.pop(handle, None)
        self._send(handle)

    def _send(self, handle: str) -> None:
        command = self._write_command(self._unsent[handle])
        environment = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
        if 0 < self.cluster.gpus < 1:
            environment["HEADROOM_GPU_SHARE"] = f"{self.cluster.gpus:g}"
        metadata = {"home": str(self.home.path)}

        def submit() -> bool:
            self.cluster.submit(self._name_job(handle), command, environment, metadata)
            return True

        if self._ask(submit):
            del self._unsent[handle]

    def _write_command(self, folder: Path) -> str:
        """What the training prints goes into its log, so that Ray's own holds what the shell had to say."""
        words = shlex.join(build_command(self.module, str(folder)))
        log = shlex.quote(str(folder / "log.txt"))
        return (
            f"cd {shlex.quote(str(ROOT))} && scratch=$(mktemp -d) && TMPDIR=$scratch {words} >>{log} 2>&1; "
            'code=$?; rm -rf "$scratch"; exit $code'
        )

    def poll(self, handle: str) -> Status:
        if handle in self._unsent:
            if handle in self._stop_at:
                del self._unsent[handle]
                return self._end(handle, Status("stopped"))
            self._send(handle)
            return _RUNNING
        if time.monotonic() < self._look_at.get(handle, 0.0):
            return _RUNNING
        self._look_at[handle] = time.monotonic() + max(_LOOK_SECONDS, len(self._look_at) / _LOOKS_PER_SECOND)
        found = self._ask(lambda: self.cluster.read_job(self._name_job(handle)) or {})
        if found is None:
            return _RUNNING
        status = _read_status(found)
        if not status.ended:
            return _RUNNING
        self._words[handle] = _read_shell_words(found)
        if handle in self._stop_at and status.state != "ok":
            status = Status("stopped", status.exit_code)
        return self._end(handle, status)

    def _end(self, handle: str, status: Status) -> Status:
        self._look_at.pop(handle, None)
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
            self._ask(lambda: self.cluster.stop(self._name_job(handle)))
            self._look_at.pop(handle, None)

    def logs(self, handle: str) -> str:
        """The end of the training's log; last what kept its node from starting it, if anything did."""
        words = self._words.get(handle, "")
        return read_log(self.home, handle.partition("-")[0]) + (f"\n{_SHELL_WORDS}: {words}." if words else "")

    def _fence(self, handle: str) -> None:
        """Ray may have lost a process that trains on. It ends by itself when the number in its folder is not its own,
        also while the head does not answer; 0 is nobody's."""
        path = self.home.jobs / handle.partition("-")[0] / "attempt"
        try:
            if int(path.read_text(encoding="utf-8")) != int(handle.rpartition("-")[2]):
                return  # the next attempt has it already
            path.write_text("0\n", encoding="utf-8")  # in its place: the folder must not come back once published
        except (OSError, ValueError):
            pass

    def _name_job(self, handle: str) -> str:
        return f"{self._name}-{handle}"

    def _ask(self, call: Callable[[], Answer]) -> Answer | None:
        """None while the cluster does not answer as it should; says why, once in the log."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            answer = call()
        except ClusterError as error:
            self._rests_until = time.monotonic() + _RETRY_SECONDS
            self._tell(str(error))
            return None
        if self._trouble:
            self._tell("")
        return answer

    def _tell(self, sentence: str) -> None:
        if sentence != self._trouble:
            said = sentence or f"Ray answers again at {self.cluster.address}."
            print(time.strftime("%Y-%m-%d %H:%M:%S"), said, file=sys.stderr, flush=True)
        self._trouble = sentence
        write_health(self.home, sentence)


def _name_home(home: Home) -> str:
    """Eight hex digits; a home that is made anew under the same path gets others, so old submissions are not its own.

    Raises:
        JobError: when the file that keeps them holds something else.
    """
    path = home.jobs / "ray-name"
    if not path.exists():
        with replacing(path) as temporary:
            temporary.write_text(uuid4().hex[:8], encoding="ascii")
    name = path.read_text(encoding="ascii", errors="replace").strip()
    if len(name) != 8 or not name.isalnum():
        raise JobError(f"Expected {path} to hold eight hex digits; got {name!r:.60}: remove it.")
    return name


def _read_status(found: dict[str, Any]) -> Status:
    """`found` is Ray's word on a submission, empty when it knows none.

    The shell says 128 and the signal's number of a training that was killed; Python says it of the shell as a negative
    one.
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
        return Status("lost", reason="no node with room in time" if timed_out else "")
    return Status("lost", min(code, 128 - code)) if code < 0 or code > 128 else Status("failed", code)


def _read_shell_words(found: dict[str, Any]) -> str:
    """The last line that is not Ray's own of what it kept of the submission's output."""
    _, _, output = str(found.get("message") or "").partition("last available logs")
    lines = [line.strip() for line in output.splitlines()[1:]]
    mine = [line for line in lines if line and "job_manager.py" not in line and "Running entrypoint for" not in line]
    return mine[-1].rstrip(".") if mine else ""
