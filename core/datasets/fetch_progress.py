"""State of a download or an import of a dataset."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.bounds import Count, Line, Prose, UnixTime


class FetchProgress(BaseModel):
    """Progress of the latest download or import of a dataset.

    Attributes:
        name: Key of the dataset.
        phase: starting, downloading, reading, done or failed.
        done_bytes, total_bytes: Progress of a download; None while unknown.
        done_files, total_files: Progress of an import; None while unknown.
        error: Error message if it failed or was interrupted.
        alive: Whether it is still running.
        started_at: Unix time in seconds.
    """

    model_config = ConfigDict(frozen=True)

    name: Line
    phase: Line
    done_bytes: Count | None = None
    total_bytes: Count | None = None
    done_files: Count | None = None
    total_files: Count | None = None
    error: Prose | None = None
    alive: bool = False
    pid: Annotated[int, Field(ge=1, le=2**31 - 1)]
    started_at: UnixTime
