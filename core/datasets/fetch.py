"""One fetch of a dataset at a time, in a process of its own if wished, with its progress on disk for everyone."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from pydantic import BaseModel, ConfigDict, ValidationError

from core.datasets.download import Progress
from core.errors import HeadroomError, HomeError
from core.files import write_json
from core.home import Home
from core.spec import DATASETS

_SOURCE = Path(__file__).resolve().parents[2]
_WRITE_SECONDS = 0.25


class FetchProgress(BaseModel):
    """The latest fetch of a dataset. `phase` is starting, downloading, done or failed.

    `error` is one sentence when it failed or was broken off; `alive` says whether it is still at it. Bytes are None
    while nothing is known of them. Times are seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    phase: str
    done_bytes: int | None = None
    total_bytes: int | None = None
    error: str | None = None
    alive: bool = False
    pid: int
    started_at: float


def start_fetch(home: Home, name: str, *, again: bool = False) -> FetchProgress:
    """Starts `python -m core datasets fetch NAME` as a process that outlives this one; leaves a running one alone.

    Raises:
        UnknownNameError: when there is no such dataset.
        HomeError: when the home cannot be written.
    """
    label = DATASETS[name].label
    running = read_fetch(home, name)
    if running is not None and running.alive:
        return running
    log = _folder(home) / f"{name}.log"
    command = [sys.executable, "-m", "core", "datasets", "fetch", name, *(["--again"] if again else [])]
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                cwd=_SOURCE, env={**os.environ, "HEADROOM_HOME": str(home.path)},
            )  # fmt: skip
    except OSError as error:
        raise HomeError(f"Expected to be able to start the fetch of {label}; got: {error.strerror}.") from error
    progress = FetchProgress(name=name, phase="starting", pid=process.pid, started_at=time.time())
    with _locked(home, name, wait=False) as mine:
        if mine and _read(home, name, process.pid) is None:  # else the new process already speaks for itself
            write_json(_folder(home) / f"{name}.json", progress.model_dump(exclude={"alive"}))
    Thread(target=process.wait, daemon=True).start()  # a finished child is a zombie until someone asks for it
    return progress.model_copy(update={"alive": True})


def read_fetch(home: Home, name: str) -> FetchProgress | None:
    """How the latest fetch of a dataset stands, for any process; None when there was none."""
    found = _read(home, name)
    if found is None or found.phase in ("done", "failed"):
        return found
    if _is_locked(home, name) or (found.phase == "starting" and _is_running(found.pid)):
        return found.model_copy(update={"alive": True})
    found = _read(home, name) or found  # it may have ended between the two looks
    if found.phase in ("done", "failed"):
        return found
    return found.model_copy(update={"error": f"The fetch of {DATASETS[name].label} was broken off; start it again."})


@contextmanager
def fetching(home: Home, name: str, progress: Progress | None = None) -> Iterator[Progress]:
    """Holds the right to fetch a dataset, waiting for whoever holds it, and writes down how it goes.

    Yields the callback to report bytes to, which passes them on to `progress`. The right ends with the process.
    """
    with _locked(home, name, wait=True):
        path = _folder(home) / f"{name}.json"
        state = {"name": name, "phase": "starting", "pid": os.getpid(), "started_at": time.time()}
        write_json(path, state)
        written = 0.0

        def report(done_bytes: int, total_bytes: int | None) -> None:
            nonlocal written
            state.update(phase="downloading", done_bytes=done_bytes, total_bytes=total_bytes)
            if time.monotonic() - written > _WRITE_SECONDS or done_bytes == total_bytes:
                written = time.monotonic()
                write_json(path, state)
            if progress is not None:
                progress(done_bytes, total_bytes)

        try:
            yield report
        except BaseException as error:
            sentence = str(error) if isinstance(error, HeadroomError) else f"The fetch was broken off: {error!r}."
            write_json(path, {**state, "phase": "failed", "error": sentence})
            raise
        write_json(path, {**state, "phase": "done"})


def _read(home: Home, name: str, pid: int | None = None) -> FetchProgress | None:
    try:
        found = FetchProgress.model_validate_json((_folder(home) / f"{name}.json").read_bytes())
    except (OSError, ValidationError):
        return None
    return found if pid in (None, found.pid) else None


def _folder(home: Home) -> Path:
    return home.datasets / ".fetch"


@contextmanager
def _locked(home: Home, name: str, *, wait: bool) -> Iterator[bool]:
    """Yields whether the lock was got; it always is when waiting. The system lets go of it when a process dies."""
    path = _folder(home) / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise HomeError(f"Expected to be able to write {path}; got: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def _is_locked(home: Home, name: str) -> bool:
    try:
        with (_folder(home) / f"{name}.lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who look do not take each other for a fetch
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
