"""How far a training is, read from the files its worker writes."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.home import Home
from core.store.run_store import RunStore

_LINE_BYTES = 400


class Progress(BaseModel):
    """progress.json. What the worker has not said yet is None; `updated_at` is in seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="ignore")

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


def folder_of(home: Home, run_id: str) -> Path | None:
    """Where the files of a job are: its own folder while it waits or runs, the run's once it is published."""
    if not run_id.isalnum():
        return None
    folder = home.jobs / run_id
    return folder if folder.is_dir() else RunStore(home).path(run_id)


def read_progress(home: Home, run_id: str) -> Progress | None:
    """None when the worker has not begun, or the file is no progress."""
    folder = folder_of(home, run_id)
    try:
        return Progress.model_validate_json((folder / "progress.json").read_bytes()) if folder else None
    except (OSError, ValidationError):
        return None


def read_log(home: Home, run_id: str, lines: int = 50) -> str:
    """The last `lines` of what the worker printed; empty when there is nothing."""
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
