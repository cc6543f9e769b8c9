"""Progress of a job, read from the files that its worker writes."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, ValidationError

from core.bounds import Count, Line, Loss, Rate, Seconds, Share, UnixTime, or_default
from core.files import read_file
from core.home import Home
from core.store.run_store import RunStore

STARTING = "starting the dispatcher, which loads TensorFlow"
"""Phase of a queued job before its worker can start."""
PUBLISHING = "publishing"
"""Phase of a job whose run is in the store, until the dispatcher reads that its worker has ended."""
_LINE_BYTES = 400


class Progress(BaseModel):
    """Content of progress.json. Values not reported yet are None; `updated_at` is in seconds since 1970.

    `silent_seconds` is the time without a sign of life, 0 for a job that is alive (see `core.jobs.health`).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    attempt: Annotated[Count | None, or_default(None)] = None
    phase: Line = ""
    epoch: Count | None = None
    epochs: Count | None = None
    step: Count | None = None
    steps: Count | None = None
    loss: Annotated[Loss | None, or_default(None)] = None
    accuracy: Annotated[Share | None, or_default(None)] = None
    images_per_second: Annotated[Rate | None, or_default(None)] = None
    eta_seconds: Annotated[Seconds | None, or_default(None)] = None
    updated_at: Annotated[UnixTime | None, or_default(None)] = None
    silent_seconds: Annotated[Seconds, or_default(0.0)] = 0.0


def folder_of(home: Home, run_id: str) -> Path | None:
    """Return the folder with the files of a job: the job folder until the run is published, then the run folder."""
    if not run_id.isalnum():
        return None
    folder = home.jobs / run_id
    return folder if folder.is_dir() else RunStore(home).path(run_id)


def read_progress(home: Home, run_id: str) -> Progress | None:
    """Return the progress of a job; None if the worker has not started or the file is invalid.

    A published run has no file: its attempt is over, and the dispatcher has yet to read that.
    """
    folder = folder_of(home, run_id)
    try:
        if folder is not None and folder.parent != home.jobs:
            return Progress(phase=PUBLISHING, updated_at=folder.stat().st_mtime)
        return Progress.model_validate_json(read_file(folder / "progress.json")) if folder else None
    except (OSError, ValidationError):
        return None


def read_log(home: Home, run_id: str, lines: int = 50) -> str:
    """Return the last `lines` lines of the job log; "" if it does not exist."""
    folder = folder_of(home, run_id)
    if folder is None or lines < 1:
        return ""
    try:
        path = folder / "log.txt"
        if not path.is_file():  # a named pipe would block
            return ""
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - lines * _LINE_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
