"""Jobs, sweeps and races that cannot be read, and their repair."""

import os
import time

from core.advice.race import list_damaged_races
from core.errors import HomeError
from core.home import Home
from core.jobs.damaged import list_damaged_jobs, repair_jobs


def list_damaged_work(home: Home) -> list[str]:
    """Return the messages for the jobs, sweeps and races that cannot be read.

    Raises:
        HomeError: when the queue cannot be read.
    """
    return [*list_damaged_jobs(home), *list_damaged_races(home).values()]


def repair_work(home: Home) -> list[str]:
    """Move the jobs, sweeps and races that cannot be read aside, and describe each change. Nothing is deleted.

    Raises:
        HomeError: when the home cannot be written.
    """
    done = repair_jobs(home)
    for path in list_damaged_races(home):
        target = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        try:
            os.rename(path, target)
        except OSError as error:
            raise HomeError(f"Cannot move {path}: {error.strerror}.") from error
        done.append(f"Advice {path.parent.name} was damaged. It is now {target}.")
    return done
