"""Jobs that diverged and therefore have no finished run."""

from contextlib import suppress

from core.errors import HeadroomError
from core.home import Home
from core.jobs.failure_reason import DIVERGED
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from core.store.comparison import Comparison
from core.store.withheld import list_withheld


def list_diverged(home: Home) -> tuple[RunSpec, ...]:
    """Return the specs of the failed jobs that diverged, except those of other versions, and those that only an advice
    has submitted: its runs are not in the comparisons either."""
    specs, withheld = [], list_withheld(home)
    for job in JobQueue(home).failed(DIVERGED):
        with suppress(HeadroomError, ValueError):
            if job.run_id not in withheld:
                specs.append(job.spec)
    return tuple(specs)


def add_diverged(home: Home, comparison: Comparison) -> Comparison:
    """Return the comparison with the jobs of a home that diverged, if the queue can be read."""
    try:
        return comparison.with_diverged(list_diverged(home))
    except HeadroomError:
        return comparison
