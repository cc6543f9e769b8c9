"""Progress of a job, read from the files that its worker writes."""

import os
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.home import Home
from core.store.run_store import RunStore

_LINE_BYTES = 400


class Progress(BaseModel):
    """Content of progress.json. Values not reported yet are None; `updated_at` is in seconds since 1970.

    `silent_seconds` is the time without a sign of life, 0 for a job that is alive (see `core.jobs.health`).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    attempt: int | None = None
    phase: str = ""
    epoch: int | None = None
    epochs: int | None = None
    step: int | None = None
    steps: int | None = None
    loss: float | None = None
    accuracy: float | None = None
    images_per_second: float | None = None
    eta_seconds: float | None = None
    updated_at: float | str | None = None
    silent_seconds: float = 0.0

    @property
    def seen_at(self) -> float | None:
        """Time of the report in seconds since 1970; None if it is not known. Earlier versions wrote ISO 8601."""
        if not isinstance(self.updated_at, str):
            return self.updated_at
        try:
            return datetime.fromisoformat(self.updated_at).timestamp()
        except ValueError:
            return None


def folder_of(home: Home, run_id: str) -> Path | None:
    """Return the folder with the files of a job: the job folder until the run is published, then the run folder."""
    if not run_id.isalnum():
        return None
    folder = home.jobs / run_id
    return folder if folder.is_dir() else RunStore(home).path(run_id)


def read_progress(home: Home, run_id: str) -> Progress | None:
    """Return the progress of a job; None if the worker has not started or the file is invalid."""
    folder = folder_of(home, run_id)
    try:
        return Progress.model_validate_json((folder / "progress.json").read_bytes()) if folder else None
    except (OSError, ValidationError):
        return None


def read_log(home: Home, run_id: str, lines: int = 50) -> str:
    """Return the last `lines` lines of the job log; "" if it does not exist."""
    folder = folder_of(home, run_id)
    if folder is None or lines < 1:
        return ""
    try:
        with (folder / "log.txt").open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - lines * _LINE_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
