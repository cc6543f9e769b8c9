"""Sweeps that were asked for: a file each in the home, so that every session finds them and no restart loses them."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import HeadroomError, JobError
from core.files import write_json
from core.home import Home
from core.jobs.queue import Job
from core.spec import RunSpec

MAX_MEMBERS = 200
MAX_BUDGET_MINUTES = 100_000
_SUBMITTED_BY = "sweep "


class Sweep(BaseModel):
    """Runs that were asked for together. Named by its members, as a run is by its spec: the same question asked again
    is the same sweep.

    `knobs` are those that were swept; `asked_at` is in seconds since 1970, and where there is a budget, members that
    have not begun so many minutes later are not begun.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True)

    sweep_id: str = Field(pattern=r"^[0-9a-f]{12}$")
    recipe: str
    settings: tuple[str, ...] = Field(alias="knobs")  # the name in the file
    members: tuple[dict[str, Any], ...] = Field(min_length=1, max_length=MAX_MEMBERS)
    budget_minutes: int | None = Field(None, ge=1, le=MAX_BUDGET_MINUTES)
    asked_at: float

    @property
    def specs(self) -> list[RunSpec]:
        return [RunSpec.parse(member) for member in self.members]

    @property
    def submitted_by(self) -> str:
        """As the table of jobs names who asks."""
        return f"{_SUBMITTED_BY}{self.sweep_id}"

    @property
    def age_seconds(self) -> float:
        return max(time.time() - self.asked_at, 0.0)

    @property
    def deadline(self) -> float | None:
        return None if self.budget_minutes is None else self.asked_at + 60 * self.budget_minutes


def _folder(home: Home) -> Path:
    return home.jobs / "sweeps"


def open_sweep(home: Home, sweep_id: str) -> Sweep:
    """
    Args:
        sweep_id: or how it begins, when that fits one sweep only.

    Raises:
        JobError: when there is no such sweep, or its file cannot be read here.
    """
    fitting = sorted(_folder(home).glob(f"{sweep_id}*.json")) if sweep_id.isalnum() else []
    if len(fitting) != 1:
        raise JobError(f"Expected the id of one sweep; got {sweep_id!r:.60}, which fits {len(fitting)}.")
    try:
        sweep = Sweep.model_validate_json(fitting[0].read_bytes())
        if {spec.run_id for spec in sweep.specs} and sweep.sweep_id == fitting[0].stem:
            return sweep
    except (OSError, ValidationError, HeadroomError):
        pass
    raise JobError(f"Expected sweep {fitting[0].stem} to be one that this version can read; got another file.")


def list_sweeps(home: Home) -> list[Sweep]:
    """All that can be read, the one that was asked for last first."""
    sweeps = []
    for path in _folder(home).glob("*.json"):
        try:
            sweeps.append(open_sweep(home, path.stem))
        except JobError:
            continue
    return sorted(sweeps, key=lambda sweep: sweep.asked_at, reverse=True)


def keep_sweep(
    home: Home, recipe: str, settings: Iterable[str], specs: Sequence[RunSpec], budget_minutes: int | None = None
) -> Sweep:
    """Writes down what is asked for at this moment; its budget begins.

    Args:
        specs: pinned to their data.

    Raises:
        HomeError: when the home cannot be written.
    """
    names = "".join(sorted(spec.run_id for spec in specs))
    sweep = Sweep(
        sweep_id=hashlib.sha256(names.encode()).hexdigest()[:12],
        recipe=recipe,
        settings=tuple(settings),
        members=tuple(spec.canonical() for spec in specs),
        budget_minutes=budget_minutes,
        asked_at=time.time(),
    )
    write_json(_folder(home) / f"{sweep.sweep_id}.json", sweep.model_dump(mode="json", by_alias=True))
    return sweep


def list_overdue(home: Home, queued: Iterable[Job]) -> list[tuple[Job, str]]:
    """Queued jobs whose sweep has used up its budget, each with the sentence that says so."""
    overdue = []
    budgets: dict[str, int | None] = {}
    for job in queued:
        if job.state != "queued" or not job.submitted_by.startswith(_SUBMITTED_BY):
            continue
        if job.submitted_by not in budgets:
            budgets[job.submitted_by] = _read_spent(home, job.submitted_by.removeprefix(_SUBMITTED_BY))
        minutes = budgets[job.submitted_by]
        if minutes is not None:
            overdue.append((job, f"The sweep's budget of {minutes:,} min was used up."))
    return overdue


def _read_spent(home: Home, sweep_id: str) -> int | None:
    """The budget in minutes if it is over; a sweep whose file is gone has none."""
    try:
        sweep = open_sweep(home, sweep_id)
    except JobError:
        return None
    return sweep.budget_minutes if sweep.deadline is not None and time.time() > sweep.deadline else None
