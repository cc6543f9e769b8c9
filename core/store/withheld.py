"""Runs with withheld test results: an advice trained them, for candidates that are not, or not yet, its finalists.

There is one empty file per run. An advice withholds the results of what it submits. They are released when its answer
reads them, and when a user trains the run.
"""

import os
from collections.abc import Iterable
from contextlib import suppress

from core.errors import HomeError
from core.home import Home
from core.plural import format_plural

TEST_RESULTS = ("test_accuracy", "test_loss")
WITHHELD = (
    "An advice trained this run, and it is not one of its finalists. Lists withhold its test results, because nothing "
    "may be selected by them."
)


def describe_withheld(count: int) -> str:
    """Return why a list shows no test results of some of its runs, as a sentence.

    Args:
        count: number of these runs, at least 1.
    """
    runs, them, they_are = format_plural(count, "run"), *(("it", "it is") if count == 1 else ("them", "they are"))
    return (
        f"The test results of {runs} are withheld, so that nothing is selected by them: an advice trained {them}, and "
        f"{they_are} not among its finalists."
    )


def list_withheld(home: Home) -> frozenset[str]:
    """Return the IDs of the runs with withheld test results, whether they have finished or not."""
    with suppress(OSError):
        return frozenset(os.listdir(home.withheld))
    return frozenset()


def withhold(home: Home, run_ids: Iterable[str]) -> None:
    """Withhold the test results of runs.

    Raises:
        HomeError: when the home is not writable.
    """
    try:
        home.withheld.mkdir(parents=True, exist_ok=True)
        for run_id in run_ids:
            (home.withheld / run_id).touch()
    except OSError as error:
        raise HomeError(f"Cannot write {home.withheld}: {error.strerror}.") from error


def release(home: Home, run_ids: Iterable[str]) -> None:
    """Release the test results of runs, whether they are withheld or not.

    Raises:
        HomeError: when the home is not writable.
    """
    for run_id in list_withheld(home) & {*run_ids}:
        try:
            (home.withheld / run_id).unlink(missing_ok=True)
        except OSError as error:
            raise HomeError(f"Cannot change {home.withheld}: {error.strerror}.") from error
