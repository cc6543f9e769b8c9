"""Download and import of datasets: one process per dataset, with its progress stored on disk."""

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any, Literal

from pydantic import BaseModel, ValidationError

from core.augment.fit import Fit
from core.bounds import Prose, Side
from core.datasets.dataset_key import FOLDER, key_of_name, label_of, remove_command, split_key
from core.datasets.download import Progress
from core.datasets.fetch_progress import FetchProgress
from core.entry_point import CLI, build_command
from core.errors import DatasetError, HeadroomError, HomeError
from core.files import read_file, replacing, write_json
from core.home import Home

_SOURCE = Path(__file__).resolve().parents[2]
_WRITE_SECONDS = 0.25
_SETTINGS = ".settings"
_MAX_NAME = 255  # characters
_MESSAGE = re.compile(r"[A-Z].{10,500}[.]")  # how the command line writes an error


class _AddSettings(BaseModel):
    """Settings of an uploaded archive."""

    side: Side | None = None
    fit: Fit = "crop"
    origin: Prose = ""


def start_fetch(home: Home, name: str, *, force: bool = False) -> FetchProgress:
    """Start a process that downloads a dataset and outlives this one, unless one is already running.

    Raises:
        UnknownNameError: when there is no such dataset.
        HomeError: when the home cannot be written.
    """
    label_of(name)  # raises UnknownNameError
    return _start(home, name, ["download", name, *(["--force"] if force else [])])


class AddingCancelled(KeyboardInterrupt):
    """A user cancelled an import on a page. Like Ctrl-C, it is no error, and the import can continue."""


def start_add(
    home: Home, name: str, archive: IO[bytes], *, side: int | None = None, fit: Fit = "crop", origin: str = ""
) -> FetchProgress:
    """Save a ZIP archive and start a process that adds it as a dataset, unless one is already running.

    The process outlives this one and deletes the archive, unless it is interrupted; see `continue_add`.

    Args:
        origin: File name of the archive, which is stored as the source.

    Raises:
        DatasetError: when the name is invalid or taken.
        HomeError: when the home cannot be written.
    """
    key = key_of_name(name)
    running = read_fetch(home, key)
    if running is not None and running.alive:
        return running
    check_free(home, key)
    kept = fetch_folder(home) / f"{key}.zip"
    with replacing(kept) as temporary, temporary.open("wb") as file:
        shutil.copyfileobj(archive, file)
    write_json(kept.with_suffix(_SETTINGS), _AddSettings(side=side, fit=fit, origin=origin[:_MAX_NAME]).model_dump())
    return continue_add(home, key)


def continue_add(home: Home, key: str) -> FetchProgress:
    """Start the process that adds a saved archive, after `start_add` or an interruption.

    Raises:
        DatasetError: when there is no saved archive.
        HomeError: when the home cannot be written.
    """
    kept = fetch_folder(home) / f"{key}.zip"
    try:
        chosen = _AddSettings.model_validate_json(read_file(kept.with_suffix(_SETTINGS)))
    except (OSError, ValidationError):
        chosen = None
    if chosen is None or not kept.exists():
        raise DatasetError(f"The archive of {label_of(key)} is not available. Upload it again.")
    side = ["--side", str(chosen.side)] if chosen.side else []
    origin = [f"--origin={chosen.origin}"] if chosen.origin else []
    return _start(home, key, ["add", split_key(key)[1], str(kept), "--discard", "--fit", chosen.fit, *side, *origin])


def start_add_url(home: Home, name: str, url: str, fit: Fit = "crop") -> FetchProgress:
    """Start a process that downloads an archive from a public address and adds it, unless one is already running.

    Raises:
        DatasetError: when the name is invalid or taken.
        HomeError: when the home cannot be written.
    """
    key = key_of_name(name)
    check_free(home, key)
    return _start(home, key, ["add", name, url, "--public-only", "--fit", fit])


def check_free(home: Home, key: str) -> None:
    """
    Raises:
        DatasetError: when a dataset with this key exists.
    """
    if (home.datasets / key).exists():
        raise DatasetError(f"{label_of(key)} already exists. Use another name, or remove it: {remove_command(key)}")


def _start(home: Home, key: str, words: Sequence[str]) -> FetchProgress:
    running = read_fetch(home, key)
    if running is not None and running.alive:
        return running
    log = fetch_folder(home) / f"{key}.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                build_command(CLI, "datasets", *words),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                cwd=_SOURCE, env={**os.environ, "HEADROOM_HOME": str(home.path)},
            )  # fmt: skip
    except OSError as error:
        raise HomeError(f"Cannot start `headroom datasets {' '.join(words[:2])}`: {error.strerror}.") from error
    progress = FetchProgress(name=key, phase="starting", pid=process.pid, started_at=time.time())
    with locked(home, key, wait=False) as acquired:
        if acquired and _read(home, key, process.pid) is None:  # else the new process has written its own
            write_json(fetch_folder(home) / f"{key}.json", progress.model_dump(exclude={"alive"}))
    Thread(target=process.wait, daemon=True).start()  # reaps the child process
    return progress.model_copy(update={"alive": True})


def read_fetch(home: Home, name: str) -> FetchProgress | None:
    """Return the progress of the latest download or import of a dataset, or None."""
    found = _read(home, name)
    if found is None or found.phase in ("done", "failed"):
        return found
    if _is_locked(home, name) or (found.phase == "starting" and _is_running(found.pid)):
        return found.model_copy(update={"alive": True})
    found = _read(home, name) or found  # it may have finished in the meantime
    if found.phase in ("done", "failed"):
        return found
    return found.model_copy(update={"error": _read_reason(home, name) or _describe_interruption(home, found)})


def _describe_interruption(home: Home, found: FetchProgress) -> str:
    """Return where it was interrupted, and what to do; for an uploaded archive, the page has a button instead."""
    own = found.done_files is not None or found.name.startswith(FOLDER)
    counted = bool(found.done_files and found.total_files)
    count = f" after {found.done_files:,} of {found.total_files:,} files" if counted else ""
    action = " Add the same files again to continue." if counted else " Start it again."
    if (fetch_folder(home) / f"{found.name}.zip").exists():
        action = ""
    return f"The {'import' if own else 'download'} of {label_of(found.name)} was interrupted{count}.{action}"


def _read_reason(home: Home, name: str) -> str | None:
    """Return the message with which the latest process ended before it could store it."""
    try:
        lines = (fetch_folder(home) / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((line for line in reversed(lines) if _MESSAGE.fullmatch(line)), None)


def list_added(home: Home) -> list[FetchProgress]:
    """List the latest import of each custom dataset, including failed ones; newest first."""
    keys = (path.stem for path in fetch_folder(home).glob(f"{FOLDER}-*.json"))
    found = [progress for key in keys if (progress := read_fetch(home, key))]
    return sorted(found, key=lambda progress: -progress.started_at)


def forget(home: Home, key: str) -> None:
    """Delete the progress and the log of the latest download or import."""
    for suffix in ("json", "log", "zip", "settings", "cancel"):
        (fetch_folder(home) / f"{key}.{suffix}").unlink(missing_ok=True)


@contextmanager
def fetching(
    home: Home,
    name: str,
    progress: Progress | None = None,
    unit: Literal["bytes", "files"] = "bytes",
    last: Literal["done", "starting"] = "done",
) -> Iterator[Progress]:
    """Acquire the lock of a dataset, waiting for other processes, and store the progress inside the block on disk.

    Yields a callback that receives the number of bytes or files so far and forwards it to `progress`. The lock is
    released when the process exits. The phase after the block is `last`: starting if the process continues.
    """
    with locked(home, name, wait=True):
        path = fetch_folder(home) / f"{name}.json"
        state: dict[str, Any] = {"name": name, "phase": "starting", "pid": os.getpid(), "started_at": time.time()}
        write_json(path, state)
        written, cancel = 0.0, cancel_mark(home, name)
        cancel.unlink(missing_ok=True)

        def report(done: int, total: int | None) -> None:
            nonlocal written
            phase = "downloading" if unit == "bytes" else "reading"
            state.update({"phase": phase, f"done_{unit}": done, f"total_{unit}": total})
            if time.monotonic() - written > _WRITE_SECONDS or done == total:
                written = time.monotonic()
                write_json(path, state)
                if cancel.exists():
                    raise AddingCancelled
            if progress is not None:
                progress(done, total)

        try:
            yield report
        except BaseException as error:
            message = str(error) if isinstance(error, HeadroomError) else f"Interrupted: {error!r}."
            if isinstance(error, KeyboardInterrupt):
                message = _describe_interruption(home, FetchProgress.model_validate(state))
            cancel.unlink(missing_ok=True)
            write_json(path, {**state, "phase": "failed", "error": message})
            raise
        write_json(path, {**state, "phase": last})


def _read(home: Home, name: str, pid: int | None = None) -> FetchProgress | None:
    try:
        found = FetchProgress.model_validate_json(read_file(fetch_folder(home) / f"{name}.json"))
    except (OSError, ValidationError):
        return None
    return found if pid in (None, found.pid) else None


def cancel_mark(home: Home, key: str) -> Path:
    """Return the path of a file that asks the process of a dataset to stop."""
    return fetch_folder(home) / f"{key}.cancel"


def fetch_folder(home: Home) -> Path:
    """Return the folder with the progress, locks and uploaded archives of datasets."""
    return home.datasets / ".fetch"


@contextmanager
def locked(home: Home, name: str, *, wait: bool) -> Iterator[bool]:
    """Acquire a lock in the datasets folder, and yield whether it was acquired (always, if `wait` is set).

    The operating system releases the lock when the process exits.
    """
    path = fetch_folder(home) / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise HomeError(f"Cannot write {path}: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def _is_locked(home: Home, name: str) -> bool:
    try:
        with (fetch_folder(home) / f"{name}.lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared, so that readers do not block each other
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
