"""Jobs and sweeps that cannot be read, and their repair."""

import os
import time
from pathlib import Path

from core.errors import HomeError
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import list_damaged_sweeps


def list_damaged_jobs(home: Home) -> list[str]:
    """Return the messages for the jobs and sweeps that cannot be read, and are therefore in no list.

    Raises:
        HomeError: when the queue cannot be read.
    """
    return [*JobQueue(home).damaged(), *list_damaged_sweeps(home).values()]


def repair_jobs(home: Home) -> list[str]:
    """Move the jobs and sweeps that cannot be read aside, and describe each change. Nothing is deleted.

    Raises:
        HomeError: when the home cannot be written.
    """
    done = []
    if count := JobQueue(home).remove_damaged():
        done.append(f"Jobs with an invalid run ID: {count:,}. They are now in the table damaged_job of queue.sqlite.")
    for path in list_damaged_sweeps(home):
        target = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        done.append(f"{path.name} was damaged. It is now {_move(path, target)}.")
    return done


def _move(path: Path, target: Path) -> Path:
    try:
        os.rename(path, target)
    except OSError as error:
        raise HomeError(f"Cannot move {path}: {error.strerror}.") from error
    return target
