"""The jobs of a race in the queue."""

from contextlib import suppress

from core.advice.race import Race
from core.errors import JobError
from core.home import Home
from core.jobs.progress import read_progress
from core.jobs.queue import JobQueue
from core.jobs.submit import cancel_job


def cancel_race_jobs(home: Home, race: Race) -> bool:
    """Cancel the jobs of a race, except those whose epochs are all trained; return whether there are such jobs.

    Raises:
        HomeError: when the home is not writable.
    """
    ending = False
    for job in JobQueue(home).unfinished():
        if job.submitted_by != race.submitted_by or job.cancel:
            continue
        progress = read_progress(home, job.run_id) if job.state == "running" else None
        if progress and progress.epoch and progress.epoch == progress.epochs:
            ending = True
            continue
        with suppress(JobError):  # it has just ended
            cancel_job(home, job.run_id)
    return ending
