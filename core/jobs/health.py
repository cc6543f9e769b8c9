"""Health of the dispatcher and of running jobs: the reason why no job starts, and the time without a sign of life.

The dispatcher marks its lock file and workers write their progress at least every HEARTBEAT_SECONDS. Both also work for
processes on other machines.
"""

import time
from contextlib import suppress

from core.errors import HomeError
from core.files import read_file, replacing
from core.home import Home
from core.jobs.progress import STARTING, Progress, read_progress
from core.jobs.queue import Job, JobQueue

HEARTBEAT_SECONDS = 5.0
SILENT_SECONDS = 30.0
_VALID_SECONDS = 60.0
_MAX_BYTES = 10_000


def write_health(home: Home, message: str) -> None:
    """Write a message about a problem, or clear it with an empty message. Call repeatedly while the problem lasts."""
    path = home.jobs / "trouble"
    with suppress(HomeError, OSError):
        if not message:
            path.unlink(missing_ok=True)
            return
        with replacing(path) as temporary:
            temporary.write_text(f"{message}\n", encoding="utf-8")


def read_health(home: Home) -> str:
    """Return the message; "" without a problem, or if the message is over a minute old."""
    path = home.jobs / "trouble"
    if is_dispatcher_silent(home):
        return "The dispatcher is not running, so no job starts. Start it with: headroom jobs revive"
    try:
        recent = time.time() - path.stat().st_mtime < _VALID_SECONDS
        return read_file(path, _MAX_BYTES).decode().strip() if recent else ""
    except (OSError, UnicodeDecodeError):
        return ""


def is_dispatcher_silent(home: Home) -> bool:
    """Return whether jobs are left, but no dispatcher has given a sign of life for SILENT_SECONDS."""
    queue = JobQueue(home)
    try:
        if not queue.has_work():
            return False
        since = max((job.queued_at for job in queue.unfinished()), default=0.0)
    except HomeError:  # a damaged queue is reported where its jobs are listed
        return False
    return time.time() - max(since, _read_dispatcher_time(home)) >= SILENT_SECONDS


def _read_dispatcher_time(home: Home) -> float:
    try:
        return (home.jobs / "dispatcher.lock").stat().st_mtime
    except OSError:
        return 0.0


def read_live_progress(home: Home, job: Job, starting: bool | None = None) -> Progress | None:
    """Return the progress of the current attempt of a running job with its `silent_seconds`; None before its first
    report.

    Before that, the sign of life is that of the dispatcher, since an attempt can wait for a machine of a cluster. A
    queued job has a phase while the dispatcher prepares its first worker.

    Args:
        starting: the result of `is_starting`, which callers with many jobs ask for once.
    """
    if job.state == "queued" and (is_starting(home) if starting is None else starting):
        return Progress(phase=STARTING)
    if job.state != "running":
        return None
    found = read_progress(home, job.run_id)
    if found is not None and found.attempt not in (None, job.attempt):
        found = None
    seen = found.updated_at if found else _read_dispatcher_time(home)
    seconds = time.time() - max(seen or 0.0, job.started_at or 0.0)
    if seconds < SILENT_SECONDS:
        return found
    return (found or Progress()).model_copy(update={"silent_seconds": seconds})


def is_starting(home: Home) -> bool:
    """Return whether the dispatcher prepares its first worker."""
    queue = JobQueue(home)
    return not queue.has("running") and not queue.paused() and not is_dispatcher_silent(home)


def list_silent(home: Home) -> list[Job]:
    """Return the running jobs without a sign of life."""
    progress = {job: read_live_progress(home, job) for job in JobQueue(home).running()}
    return [job for job, found in progress.items() if found and found.silent_seconds]
