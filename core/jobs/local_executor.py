"""Executor for this machine: one process per job, forked from a process with TensorFlow loaded where that is safe."""

import contextlib
import errno
import fcntl
import math
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

from core.entry_point import JOB_PROCESS, TRAINING, build_command
from core.errors import JobError
from core.home import Home
from core.jobs import process
from core.jobs.executor import Status
from core.jobs.memory_kills import SYSTEM, count_memory_kills
from core.jobs.progress import read_log
from core.memory_limit import read_memory_limit

MAX_SLOTS = 1024
_GRACE_SECONDS = 2.0
_MEMORY_KILL_SECONDS = 1.0


def read_slots() -> int:
    """Return the number of jobs in parallel: HEADROOM_SLOTS, by default one per available core.

    Raises:
        JobError: when HEADROOM_SLOTS is not a valid number.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return read_limit() or cores


def read_limit() -> int | None:
    """Return HEADROOM_SLOTS; None if it is not set.

    Raises:
        JobError: when HEADROOM_SLOTS is not a valid number.
    """
    text = os.environ.get("HEADROOM_SLOTS", "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_SLOTS:
        raise JobError(f"Expected HEADROOM_SLOTS to be an integer between 1 and {MAX_SLOTS}; got {text!r:.60}.")
    return int(text)


def find_memory_limit() -> int | None:
    """Return the limit in bytes of the memory of a worker; None without one, or if the machine has less memory."""
    space, _ = resource.getrlimit(resource.RLIMIT_AS)
    limits = [limit for limit in (read_memory_limit(), space) if limit is not None and limit != resource.RLIM_INFINITY]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min((limit for limit in limits if limit < memory), default=None)


def can_fork_warm() -> bool:
    """Return whether workers can be forked from a process with TensorFlow loaded; macOS libraries fail after a fork."""
    return sys.platform.startswith("linux") and "forkserver" in multiprocessing.get_all_start_methods()


class LocalExecutor:
    """Executor that runs each attempt as a process on this machine.

    The process holds a lock on `<jobs>/processes/<handle>` while it is running. It writes its process ID to that file,
    and its exit code when it exits normally, so a dispatcher can also follow processes that it did not start.

    Args:
        warm: fork from a process that has loaded the libraries of `module`, instead of starting a new interpreter.
        module: the module that each process runs with `python -m`.
        system: root of the file system with the kernel's out-of-memory counters.
    """

    def __init__(self, home: Home, *, warm: bool | None = None, module: str = TRAINING, system: Path = SYSTEM) -> None:
        self.home = home
        self.module = module
        self.processes = home.jobs / "processes"
        self._limit = read_slots()
        self._warm = can_fork_warm() if warm is None else warm
        self._ready = threading.Event()
        self._warming: threading.Thread | None = None
        self._children: dict[str, BaseProcess | subprocess.Popen[bytes]] = {}
        self._stop_requested_at: dict[str, float] = {}
        self._system = system
        self._memory_kills = count_memory_kills(system)
        self._memory_short_until = -math.inf

    @property
    def slots(self) -> int:
        if not self._warm or self._ready.is_set():
            return self._limit
        if self._warming is None:
            self._warming = threading.Thread(target=self._warm_up, daemon=True)
            self._warming.start()
        return 0

    def _warm_up(self) -> None:
        """Load the libraries in the background, which takes seconds, and test that forking works."""
        try:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([f"{self.module}.preload"])
            first = context.Process(target=process.probe)
            first.start()
            first.join()
            if first.exitcode != 0:
                raise OSError(f"exit code {first.exitcode}")
        except (OSError, EOFError) as error:
            print(f"Cannot fork workers: {error}. Each job starts a new Python process.", file=sys.stderr, flush=True)
            self._warm = False
        self._ready.set()

    def start(self, handle: str, folder: Path) -> None:
        self._stop_requested_at.pop(handle, None)
        try:
            self.processes.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.processes / handle, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise JobError(f"Cannot write {self.processes}: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(lock, 0)
            shutil.rmtree(self._scratch(handle), ignore_errors=True)
            self._scratch(handle).mkdir()
            self._children[handle] = self._launch(handle, folder, lock)
        except BlockingIOError:
            pass  # started by an earlier dispatcher
        except (OSError, EOFError) as error:
            raise JobError(f"Cannot start a training process: {error}.") from error
        finally:
            os.close(lock)  # the process keeps its own copy, and with it the lock

    def _launch(self, handle: str, folder: Path, lock: int) -> "BaseProcess | subprocess.Popen[bytes]":
        scratch = self._scratch(handle)
        if self._warm:
            context = multiprocessing.get_context("forkserver")
            child = context.Process(target=process.run, args=(self.module, folder, scratch, process.Inherited(lock)))
            child.start()
            return child
        arguments = [self.module, str(folder), str(scratch), str(lock)]
        return subprocess.Popen(
            build_command(JOB_PROCESS, *arguments),
            cwd=process.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
        )

    def poll(self, handle: str) -> Status:
        pid, exit_code, alive = self._read_process(handle)
        child = self._children.get(handle)
        child_code = _exit_code(child)
        if alive:
            return Status("running")
        if child is not None and child_code is None:
            return Status("running")  # about to be reaped
        self._children.pop(handle, None)
        stopped = self._stop_requested_at.pop(handle, None) is not None
        if pid is not None and (stopped or child is not None):
            _signal(pid, signal.SIGKILL)  # remaining processes of its group; the ID cannot be reused yet
        shutil.rmtree(self._scratch(handle), ignore_errors=True)
        with contextlib.suppress(OSError):
            (self.processes / handle).unlink()
        if stopped and exit_code != 0:
            return Status("stopped", exit_code)
        if exit_code is None:
            out_of_memory = child_code in (None, -signal.SIGKILL) and self._is_memory_short()
            return Status("lost", child_code, out_of_memory, find_memory_limit())
        return Status("ok" if exit_code == 0 else "failed", exit_code)

    def _is_memory_short(self) -> bool:
        """Return whether the system killed processes because memory ran out, since the last lost attempts."""
        before, self._memory_kills = self._memory_kills, count_memory_kills(self._system)
        if self._memory_kills > before:
            self._memory_short_until = time.monotonic() + _MEMORY_KILL_SECONDS
        return time.monotonic() < self._memory_short_until

    def stop(self, handle: str) -> None:
        pid, _, alive = self._read_process(handle)
        if not alive or pid is None:
            return
        requested_at = self._stop_requested_at.setdefault(handle, time.monotonic())
        overdue = time.monotonic() - requested_at > _GRACE_SECONDS
        _signal(pid, signal.SIGKILL if overdue else signal.SIGTERM)

    def logs(self, handle: str) -> str:
        return read_log(self.home, handle.partition("-")[0])

    def _scratch(self, handle: str) -> Path:
        """Return the folder for temporary files of an attempt. It is outside the job folder, which is published."""
        return self.processes / f"{handle}.tmp"

    def _read_process(self, handle: str) -> tuple[int | None, int | None, bool]:
        """Return the process ID and the exit code, None if not in the file, and whether the process is running."""
        try:
            file = os.open(self.processes / handle, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP):
                raise
            return None, None, False  # missing or damaged
        try:
            values = os.read(file, 100).split()
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                alive = False
            except BlockingIOError:
                alive = True
        finally:
            os.close(file)
        numbers = [int(value) if value.lstrip(b"-").isdigit() else None for value in values]  # a file may be damaged
        process, code = [*numbers, None, None][:2]
        return process, code, alive


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _exit_code(child: "BaseProcess | subprocess.Popen[bytes] | None") -> int | None:
    if isinstance(child, subprocess.Popen):
        return child.poll()
    return None if child is None else child.exitcode
