"""A race: one file in the home with the plan, the state, and the answer. Written only under its lock."""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.advice.candidate import Candidate
from core.advice.plan import AdvicePlan
from core.advice.request import Request
from core.bounds import Count, Epoch, Line, Prose, RunId, Seconds, Share, UnixTime
from core.errors import AdviceError, HomeError
from core.files import write_json
from core.home import Home
from core.jobs.saved_items import SavedItems

FILE = "race.json"
OPEN = "open"
"""Empty file next to a race that the dispatcher continues."""
SUBMITTED_BY = "advice "

_MAX_CANDIDATES = 200
_Difference = Annotated[float, Field(ge=-1, le=1)]
_Name = Annotated[str, Field(pattern=r"^([0-9a-f]{12})?$")]
"""Key of a candidate, or empty for none."""
_Names = Annotated[tuple[RunId, ...], Field(max_length=_MAX_CANDIDATES)]
_Runs = Annotated[tuple[RunId, ...], Field(max_length=100 * _MAX_CANDIDATES)]
_Shares = Annotated[dict[RunId, Share], Field(max_length=_MAX_CANDIDATES)]

RaceState = Literal["running", "paused", "answered", "failed"]
AnswerState = Literal["decided", "needed", "undecided"]


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Dropped(_Stored):
    """Time at which a candidate was dropped, such as "5 epochs" or "3 seeds", and on which evidence."""

    at: Line
    reason: Prose
    time: UnixTime

    @property
    def seeds(self) -> int:
        """Number of seeds that it had been trained with."""
        return self._read("seed") or 1

    @property
    def epochs(self) -> int | None:
        """Number of epochs that it had been trained for; None if it was dropped after complete runs."""
        return self._read("epoch")

    def _read(self, unit: str) -> int | None:
        count, _, name = self.at.replace(",", "").partition(" ")
        return int(count) if count.isdecimal() and name.startswith(unit) else None


class FinalistDifference(_Stored):
    """A finalist on the test images; its accuracy minus that of the reference as a fraction of 1.

    See `core.advice.decision.MarginComparison`; `key` is that of the candidate. The reference is one of them.
    """

    key: RunId
    cost: Annotated[float, Field(ge=-1, le=1e18)]
    mean: _Difference
    low: _Difference
    high: _Difference
    bound: _Difference
    p: Share
    verdict: Line
    seeds: Count


class Answer(_Stored):
    """Result of a race: one comparison on the test images, or none if it ended before the finalists had two seeds.

    Attributes:
        choice, reference: keys of candidates; empty without one. The reference was selected on validation images.
        comparisons: one per finalist, in the order of cost; empty if the test images were not read.
        tied: candidates between which it is not decided.
        more_seeds: additional seeds per finalist that would probably decide; None if MAX_SEEDS would not.
        validation, accuracy: mean of the metric on the validation and the test images by key, from 0 to 1.
        seeds: number of seeds per finalist.
        level: significance level of the comparison.
        runs: IDs of the runs whose test predictions were read, at the time `read_at`.
        why: why the race ended early: "budget", "stopped", or empty.
    """

    state: AnswerState
    choice: _Name = ""
    reference: _Name = ""
    comparisons: Annotated[tuple[FinalistDifference, ...], Field(max_length=_MAX_CANDIDATES)] = ()
    tied: _Names = ()
    more_seeds: Count | None = None
    validation: _Shares = {}
    accuracy: _Shares = {}
    seeds: Count = 0
    level: Share = 0.05
    test_images: Count = 0
    runs: _Runs = ()
    read_at: UnixTime = 0.0
    why: Line = ""


class Event(_Stored):
    """A line of the log of a race."""

    time: UnixTime
    text: Prose


class Race(_Stored):
    """A race with its state.

    Attributes:
        race_id: hash of the question without its budget: the same question is the same race.
        rungs: see `AdvicePlan`. `rung` is the index of the current one; its length once seeds are added.
        seeds: number of seeds that the finalists have or are being trained with.
        dropped: candidates that are out, by key; those that a limit excludes have `excluded_by`.
        deadline: when the budget ends, in seconds since 1970; None without a budget or while paused.
        left_seconds: what was left of the budget when the race was paused.
        stop: end with what is known as soon as possible.
        answers: results, the last one counts.
        train_seconds: training time that the race caused; cached runs cost nothing.
        counted: runs that are in `train_seconds`.
        waiting_for: runs that it submitted and needs next, since `waiting_since`.
        least_seeds: seeds per finalist before the test images are read again.
        by: the user who started it or continued it last.
    """

    race_id: RunId
    request: Request
    recipe: Line
    candidates: tuple[Candidate, ...] = Field(min_length=1, max_length=_MAX_CANDIDATES)
    rungs: tuple[Epoch, ...] = Field(min_length=1, max_length=20)
    started_at: UnixTime
    state: RaceState = "running"
    rung: Count = 0
    seeds: Count = 1
    dropped: Annotated[dict[RunId, Dropped], Field(max_length=_MAX_CANDIDATES)] = {}
    deadline: UnixTime | None = None
    left_seconds: Seconds | None = None
    stop: bool = False
    answers: Annotated[tuple[Answer, ...], Field(max_length=100)] = ()
    events: tuple[Event, ...] = Field((), max_length=2000)
    train_seconds: Seconds = 0.0
    counted: _Runs = ()
    waiting_for: _Runs = ()
    waiting_since: UnixTime = 0.0
    least_seeds: Count = 2
    problem: Prose = ""
    ended_at: UnixTime | None = None
    by: Prose = ""

    @property
    def answer(self) -> Answer | None:
        return self.answers[-1] if self.answers else None

    @property
    def survivors(self) -> tuple[Candidate, ...]:
        """The candidates that are neither excluded nor dropped."""
        return tuple(one for one in self.candidates if not one.excluded_by and one.key not in self.dropped)

    @property
    def submitted_by(self) -> str:
        """Submitter of its jobs in the job table."""
        return f"{SUBMITTED_BY}{self.race_id}"

    @property
    def looks(self) -> int:
        """Number of times that the test images were read."""
        return sum(bool(answer.runs) for answer in self.answers)

    def find(self, key: str) -> Candidate:
        return next(candidate for candidate in self.candidates if candidate.key == key)


def compute_race_id(plan: AdvicePlan) -> str:
    """Return the ID of a question: a hash of everything but the time budget."""
    question = plan.request.model_dump(mode="json", exclude={"budget_seconds"})
    keys = sorted(candidate.key for candidate in plan.candidates)
    text = json.dumps([question, keys, plan.rungs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def folder_of_race(home: Home, race_id: str) -> Path:
    return home.advice / race_id


def _is_valid(race: Race, race_id: str) -> bool:
    return race.race_id == race_id and bool([candidate.parsed_spec for candidate in race.candidates])


_RACES = SavedItems(
    Race, f"{{}}/{FILE}", _is_valid, AdviceError, "advice", "Ask again.", "`headroom advise` lists all."
)  # fmt: skip


def list_races(home: Home) -> list[Race]:
    """Return all readable races, newest first."""
    races, _ = _RACES.list_all(home.advice)
    return sorted(races, key=lambda race: race.started_at, reverse=True)


def list_damaged_races(home: Home) -> dict[Path, str]:
    """Return the message for each race that cannot be read, by its file."""
    return _RACES.list_all(home.advice)[1]


def open_race(home: Home, race_id: str) -> Race:
    """Open a race.

    Args:
        race_id: the ID, or the beginning of it if only one race matches.

    Raises:
        AdviceError: when no race or several races match, or the file cannot be read.
    """
    return _RACES.open(home.advice, race_id)


def save_race(home: Home, race: Race) -> None:
    """Write a race, under its lock (see `locked_race`); the mark for the dispatcher is set first and removed last.

    Raises:
        HomeError: when the home is not writable.
    """
    folder = folder_of_race(home, race.race_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if race.state == "running":
            (folder / OPEN).touch()
        write_json(folder / FILE, race.model_dump(mode="json"), durable=True)
        if race.state != "running":
            (folder / OPEN).unlink(missing_ok=True)
    except OSError as error:
        raise HomeError(f"Cannot write {folder}: {error.strerror}.") from error


@contextmanager
def locked_race(home: Home, race_id: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a race. Yield False without it if `wait` is not set and another process holds it.

    Raises:
        HomeError: when the home is not writable.
    """
    folder = folder_of_race(home, race_id)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise HomeError(f"Cannot write {folder}: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(lock)


def make_race(plan: AdvicePlan, now: float | None = None) -> Race:
    """Return a race that starts now."""
    started = time.time() if now is None else now
    budget = plan.request.budget_seconds
    return Race(
        race_id=compute_race_id(plan),
        request=plan.request,
        recipe=plan.recipe,
        candidates=plan.candidates,
        rungs=plan.rungs,
        started_at=started,
        deadline=None if budget is None else started + budget,
    )
