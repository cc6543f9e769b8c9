"""The plan of a race, shared by page and command line: candidates, schedule, estimated time and warnings."""

from dataclasses import dataclass

from core.advice.candidate import Candidate
from core.advice.request import Request
from core.jobs.estimate import TimeEstimate


@dataclass(frozen=True)
class AdvicePlan:
    """Plan of a race.

    Attributes:
        recipe: name of the recipe.
        candidates: all, also those that a limit excludes.
        rungs: epochs after which candidates can be dropped; the last is the number of epochs of a complete run.
        validation_images, test_images: numbers of images that decide.
        estimate: time until the answer, if candidates are dropped as usual; None without runs.
        longest: time if no candidate is dropped.
        cached: runs that already exist.
        warning: why the data can probably not decide, or why the budget is too short; empty otherwise.
    """

    request: Request
    recipe: str
    candidates: tuple[Candidate, ...]
    rungs: tuple[int, ...]
    validation_images: int
    test_images: int
    estimate: TimeEstimate | None = None
    longest: TimeEstimate | None = None
    cached: int = 0
    warning: str = ""

    @property
    def allowed(self) -> tuple[Candidate, ...]:
        """The candidates that no limit excludes."""
        return tuple(candidate for candidate in self.candidates if not candidate.excluded_by)
