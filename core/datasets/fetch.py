"""One fetch or adding of a dataset at a time, in a process of its own if wished, its progress on disk for everyone."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.datasets.dataset_key import FOLDER, key_of_name, label_of
from core.datasets.download import Progress
from core.entry_point import CLI, build_command
from core.errors import HeadroomError, HomeError
from core.files import replacing, write_json
from core.home import Home

_SOURCE = Path(__file__).resolve().parents[2]
_WRITE_SECONDS = 0.25


class FetchProgress(BaseModel):
    """The latest fetch or adding of a dataset. `phase` is starting, downloading, reading, done or failed.

    `name` is its key. `error` is one sentence when it failed or was broken off; `alive` says whether it is still at
    it. Bytes, of a fetch, and files, of an adding, are None while nothing is known of them. Times are seconds since
    1970.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    phase: str
    done_bytes: int | None = None
    total_bytes: int | None = None
    done_files: int | None = None
    total_files: int | None = None
    error: str | None = None
    alive: bool = False
    pid: int
    started_at: float


def start_fetch(home: Home, name: str, *, force: bool = False) -> FetchProgress:
    """Starts `python -m core datasets fetch NAME` as a process that outlives this one; leaves a running one alone.

    Raises:
        UnknownNameError: when there is no such dataset.
        HomeError: when the home cannot be written.
    """
    label_of(name)  # raises when there is none
    return _start(home, name, ["fetch", name, *(["--again"] if force else [])])


def start_add(home: Home, name: str, archive: IO[bytes], *, side: int | None = None) -> FetchProgress:
    """Keeps a zip archive and starts `python -m core datasets add NAME` on it, as a process that outlives this one and
    removes the archive; leaves a running one of that name alone.

    Raises:
        DatasetError: when a folder cannot have that name.
        HomeError: when the home cannot be written.
    """
    key = key_of_name(name)
    running = read_fetch(home, key)
    if running is not None and running.alive:
        return running
    kept = _folder(home) / f"{key}.zip"
    with replacing(kept) as temporary, temporary.open("wb") as file:
        shutil.copyfileobj(archive, file)
    return _start(home, key, ["add", name, str(kept), "--discard", *(["--side", str(side)] if side else [])])


def _start(home: Home, key: str, words: Sequence[str]) -> FetchProgress:
    running = read_fetch(home, key)
    if running is not None and running.alive:
        return running
    log = _folder(home) / f"{key}.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                build_command(CLI, "datasets", *words),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                cwd=_SOURCE, env={**os.environ, "HEADROOM_HOME": str(home.path)},
            )  # fmt: skip
    except OSError as error:
        raise HomeError(f"Expected to be able to start: {' '.join(words[:2])}; got: {error.strerror}.") from error
    progress = FetchProgress(name=key, phase="starting", pid=process.pid, started_at=time.time())
    with locked(home, key, wait=False) as mine:
        if mine and _read(home, key, process.pid) is None:  # else the new process already speaks for itself
            write_json(_folder(home) / f"{key}.json", progress.model_dump(exclude={"alive"}))
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
    what = "adding" if found.done_files is not None or name.startswith(FOLDER) else "fetch"
    return found.model_copy(update={"error": f"The {what} of {label_of(name)} was broken off; start it again."})


def list_added(home: Home) -> list[FetchProgress]:
    """How the latest adding of each folder stands, of those too that ended badly; newest first."""
    keys = (path.stem for path in _folder(home).glob(f"{FOLDER}-*.json"))
    found = [progress for key in keys if (progress := read_fetch(home, key))]
    return sorted(found, key=lambda progress: -progress.started_at)


def forget(home: Home, key: str) -> None:
    """Removes what is known of the latest fetch or adding."""
    for suffix in ("json", "log", "zip"):
        (_folder(home) / f"{key}.{suffix}").unlink(missing_ok=True)


@contextmanager
def fetching(
    home: Home, name: str, progress: Progress | None = None, unit: Literal["bytes", "files"] = "bytes"
) -> Iterator[Progress]:
    """Holds the right to fetch or add a dataset, waiting for whoever holds it, and writes down how it goes.

    Yields the callback to report bytes or files to, which passes them on to `progress`. The right ends with the
    process.
    """
    with locked(home, name, wait=True):
        path = _folder(home) / f"{name}.json"
        state: dict[str, Any] = {"name": name, "phase": "starting", "pid": os.getpid(), "started_at": time.time()}
        write_json(path, state)
        written = 0.0

        def report(done: int, total: int | None) -> None:
            nonlocal written
            phase = "downloading" if unit == "bytes" else "reading"
            state.update({"phase": phase, f"done_{unit}": done, f"total_{unit}": total})
            if time.monotonic() - written > _WRITE_SECONDS or done == total:
                written = time.monotonic()
                write_json(path, state)
            if progress is not None:
                progress(done, total)

        try:
            yield report
        except BaseException as error:
            sentence = str(error) if isinstance(error, HeadroomError) else f"It was broken off: {error!r}."
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
def locked(home: Home, name: str, *, wait: bool) -> Iterator[bool]:
    """Holds the right to something in the folder of datasets. Yields whether it was got; it always is when waiting.

    The system lets go of it when a process dies.
    """
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
