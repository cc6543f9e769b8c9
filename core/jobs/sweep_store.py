"""Submitted sweeps: one file per sweep in the home, shared by all sessions and kept across restarts."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.bounds import Line, Prose, RunId, UnixTime
from core.errors import JobError
from core.files import write_json
from core.home import Home
from core.jobs.queue import Job
from core.jobs.saved_items import SavedItems
from core.spec import SETTINGS, RunSpec

MAX_MEMBERS = 200
MAX_BUDGET_MINUTES = 100_000
_SUBMITTED_BY = "sweep "


def _check_setting(name: str) -> str:
    if name not in SETTINGS:
        raise ValueError("not a hyperparameter")
    return name


_Name = Annotated[Line, AfterValidator(_check_setting)]


class Sweep(BaseModel):
    """Runs that were submitted together. Its ID is a hash of its runs, so the same runs are the same sweep.

    `settings` are the hyperparameters to sweep; `asked_at` is the submission time in seconds since 1970. With a
    budget, runs that have not started `budget_minutes` later are not started. `by` is the user who submitted it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True)

    sweep_id: RunId
    recipe: Line
    settings: tuple[_Name, ...] = Field(alias="knobs", max_length=len(SETTINGS))  # the name in the file
    members: tuple[Annotated[dict[Line, Any], Field(max_length=100)], ...] = Field(min_length=1, max_length=MAX_MEMBERS)
    budget_minutes: int | None = Field(None, ge=1, le=MAX_BUDGET_MINUTES)
    asked_at: UnixTime
    by: Prose = ""

    @property
    def specs(self) -> list[RunSpec]:
        return [RunSpec.parse(member) for member in self.members]

    @property
    def submitted_by(self) -> str:
        """Submitter of its jobs in the job table."""
        return f"{_SUBMITTED_BY}{self.sweep_id}"

    @property
    def age_seconds(self) -> float:
        return max(time.time() - self.asked_at, 0.0)

    @property
    def deadline(self) -> float | None:
        return None if self.budget_minutes is None else self.asked_at + 60 * self.budget_minutes


def _folder(home: Home) -> Path:
    return home.jobs / "sweeps"


def _is_valid(sweep: Sweep, sweep_id: str) -> bool:
    return sweep.sweep_id == sweep_id and bool(sweep.specs)


_SWEEPS = SavedItems(Sweep, "{}.json", _is_valid, JobError, "sweep", "Submit it again.", "`headroom sweep` lists all.")


def open_sweep(home: Home, sweep_id: str) -> Sweep:
    """Open a sweep.

    Args:
        sweep_id: the ID, or the beginning of it if only one sweep matches.

    Raises:
        JobError: when no sweep or several sweeps match, or the file cannot be read.
    """
    return _SWEEPS.open(_folder(home), sweep_id)


def find_sweep(home: Home, submitted_by: str) -> Sweep | None:
    """Return the sweep that submitted a job; None if a user did, or if it was deleted or is damaged."""
    if not submitted_by.startswith(_SUBMITTED_BY):
        return None
    try:
        return open_sweep(home, submitted_by.removeprefix(_SUBMITTED_BY))
    except JobError:
        return None


def list_sweeps(home: Home) -> list[Sweep]:
    """Return all readable sweeps, newest first."""
    sweeps, _ = _SWEEPS.list_all(_folder(home))
    return sorted(sweeps, key=lambda sweep: sweep.asked_at, reverse=True)


def list_damaged_sweeps(home: Home) -> dict[Path, str]:
    """Return the message for each sweep that cannot be read, by its file."""
    return _SWEEPS.list_all(_folder(home))[1]


def keep_sweep(
    home: Home,
    recipe: str,
    settings: Iterable[str],
    specs: Sequence[RunSpec],
    budget_minutes: int | None = None,
    by: str = "",
) -> Sweep:
    """Save a sweep with the current time as its submission time, which starts its budget.

    Args:
        specs: specs with the fingerprint of their data.

    Raises:
        HomeError: when the home is not writable.
    """
    names = "".join(sorted(spec.run_id for spec in specs))
    sweep = Sweep(
        sweep_id=hashlib.sha256(names.encode()).hexdigest()[:12],
        recipe=recipe,
        settings=tuple(settings),
        members=tuple(spec.canonical() for spec in specs),
        budget_minutes=budget_minutes,
        asked_at=time.time(),
        by=by,
    )
    write_json(_folder(home) / f"{sweep.sweep_id}.json", sweep.model_dump(mode="json", by_alias=True), durable=True)
    return sweep


def list_overdue(home: Home, queued: Iterable[Job]) -> list[tuple[Job, str]]:
    """Return the queued jobs whose sweep has used its time budget, each with the reason as text."""
    overdue = []
    budgets: dict[str, int | None] = {}
    for job in queued:
        if job.state != "queued" or not job.submitted_by.startswith(_SUBMITTED_BY):
            continue
        if job.submitted_by not in budgets:
            budgets[job.submitted_by] = _read_spent_budget(home, job.submitted_by)
        minutes = budgets[job.submitted_by]
        if minutes is not None:
            overdue.append((job, f"The sweep used its time budget of {minutes:,} min."))
    return overdue


def _read_spent_budget(home: Home, submitted_by: str) -> int | None:
    """Return the budget in minutes if it is used up; None otherwise, or if the sweep was deleted."""
    sweep = find_sweep(home, submitted_by)
    return sweep.budget_minutes if sweep and sweep.deadline is not None and time.time() > sweep.deadline else None
