"""Jobs that diverged and therefore have no finished run."""

from contextlib import suppress

from core.errors import HeadroomError
from core.home import Home
from core.jobs.failure_reason import DIVERGED
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from core.store.comparison import Comparison


def list_diverged(home: Home) -> tuple[RunSpec, ...]:
    """Return the specs of the failed jobs that diverged, except those of other versions."""
    specs = []
    for job in JobQueue(home).failed(DIVERGED):
        with suppress(HeadroomError, ValueError):
            specs.append(job.spec)
    return tuple(specs)


def add_diverged(home: Home, comparison: Comparison) -> Comparison:
    """Return the comparison with the jobs of a home that diverged, if the queue can be read."""
    try:
        return comparison.with_diverged(list_diverged(home))
    except HeadroomError:
        return comparison
