"""The job queue: a SQLite table per home, read by pages and written by submitters and the dispatcher."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter

from core.bounds import Count, Prose, RunId, UnixTime, or_default
from core.errors import SpecError
from core.files import parse_json
from core.home import Home
from core.jobs.database import JobDatabase
from core.jobs.refusal import build_refusal
from core.jobs.statements import CLAIM, COLUMNS, JOBS, ORDER, REQUEUE, SUBMIT, TABLE, VALID_ID
from core.spec import RunSpec
from core.store.run_store import RunStore
from core.store.side_file import is_missing

_MAX_SPEC_CHARS = 100_000
_MAX_DAMAGED = 5  # rows in a message

State = Literal["queued", "running", "finished", "failed", "cancelled"]


@dataclass(frozen=True)
class Job:
    """One row of the job table. Times are in seconds since 1970. A value that is not valid has its default.

    `number` increases with each submission. `deaths` counts the attempts that were lost. `cancel` is True if a user
    cancelled the job while it was running.
    """

    run_id: RunId
    number: Annotated[Count, or_default(0)]
    spec_json: Annotated[str, Field(max_length=_MAX_SPEC_CHARS), or_default("")]
    state: Annotated[State, or_default("failed")]
    attempt: Annotated[Count, or_default(0)]
    deaths: Annotated[Count, or_default(0)]
    priority: Annotated[int, Field(ge=-(2**53), le=2**53), or_default(0)]
    submitted_by: Annotated[Prose, or_default("")]
    reason: Annotated[Prose, or_default("")]
    cancel: Annotated[bool, or_default(False)]
    queued_at: Annotated[UnixTime, or_default(0.0)]
    started_at: Annotated[UnixTime | None, or_default(None)]
    ended_at: Annotated[UnixTime | None, or_default(None)]

    @property
    def spec(self) -> RunSpec:
        """The spec of the job.

        Raises:
            SpecError, UnknownNameError: when it is damaged, or from a version with other hyperparameters.
        """
        return _parse(self.spec_json)

    @property
    def handle(self) -> str:
        """Name of the current attempt."""
        return f"{self.run_id}-{self.attempt}"


@dataclass(frozen=True)
class Pause:
    """Pause of the queue: its time in seconds since 1970, and the user who paused it."""

    since: Annotated[UnixTime, or_default(time.time)]
    submitted_by: Annotated[Prose, or_default("")]


_JOB, _PAUSE = TypeAdapter(Job), TypeAdapter(Pause)


class JobQueue:
    """The jobs of a home. Reading creates no file, so it also works in a read-only home.

    Raises:
        HomeError: from every method, when the job database cannot be read or written.
    """

    def __init__(self, home: Home) -> None:
        self.path = home.jobs / "queue.sqlite"
        self._table = JobDatabase(self.path, TABLE)
        self._store = RunStore(home)
        self._claimed: dict[str, float] = {}  # monotonic time by run, of jobs that this process started

    def jobs(self) -> list[Job]:
        """Return all jobs, newest first. A job whose run is published is finished, whatever its state in the table."""
        return [self._update_state(job) for job in self._select("ORDER BY number DESC")]

    def job(self, run_id: str) -> Job | None:
        return next((self._update_state(job) for job in self._select("WHERE run_id = ?", run_id)), None)

    def unfinished(self) -> list[Job]:
        """Return the queued and running jobs in the table, in the order in which they are started."""
        return self._select(f"WHERE state IN ('queued', 'running') {ORDER}")

    def submitters(self) -> set[str]:
        """Return who submitted the queued and running jobs in the table."""
        rows = self._table.select(f"SELECT DISTINCT asked_by FROM {JOBS} WHERE state IN ('queued', 'running')")
        return {str(submitter) for (submitter,) in rows}

    def ended(self, limit: int) -> list[Job]:
        """Return the newest `limit` finished, failed and cancelled jobs, newest first."""
        clause = "WHERE state IN ('finished', 'failed', 'cancelled') ORDER BY number DESC LIMIT ?"
        return self._select(clause, limit)

    def batch(self, run_id: str = "") -> list[Job]:
        """Return the jobs that were submitted together with a job, by default with the newest one that has ended.

        One query, so that a job cannot end between two reads and be missing.
        """
        which = "run_id = ?" if run_id else "state IN ('finished', 'failed', 'cancelled')"
        newest = f"SELECT asked_by, queued_at FROM {JOBS} WHERE {which} ORDER BY number DESC LIMIT 1"
        values = (run_id,) if run_id else ()
        return self._select(f"WHERE (asked_by, queued_at) = ({newest}) ORDER BY number DESC", *values)

    def failed(self, reason: str) -> list[Job]:
        """Return the failed jobs whose reason starts with a text."""
        return self._select("WHERE state = 'failed' AND substr(reason, 1, ?) = ?", len(reason), reason)

    def running(self) -> list[Job]:
        """Return the jobs that are running in the table."""
        return self._select("WHERE state = 'running' ORDER BY number")

    def count(self) -> dict[State, int]:
        """Return the number of jobs in each state; cheap even for a long table."""
        rows: dict[Any, Any] = dict(self._table.select(f"SELECT state, count(*) FROM {JOBS} GROUP BY state"))  # type: ignore[arg-type]
        return {state: rows.get(state, 0) for state in get_args(State)}

    def has(self, *states: State) -> bool:
        """Return whether any job has one of these states; cheap even for a long table."""
        placeholders = ", ".join("?" * len(states))
        return bool(self._select(f"WHERE state IN ({placeholders}) LIMIT 1", *states))

    def has_work(self) -> bool:
        """Return whether a dispatcher is needed: for running jobs, and for queued jobs unless the queue is paused."""
        return self.has("running") or (self.paused() is None and self.has("queued"))

    def newest_number(self) -> int:
        """Return the number of the last submitted job; 0 for an empty table."""
        return max((job.number for job in self._select("ORDER BY number DESC LIMIT 1")), default=0)

    def damaged(self) -> list[str]:
        """Describe the rows without a valid run ID, which no other method returns."""
        rows = self._table.select(f"SELECT run_id FROM job WHERE NOT ({VALID_ID}) LIMIT {_MAX_DAMAGED + 1}")
        ids = ", ".join(f"{row[0]!r:.30}" for row in rows[:_MAX_DAMAGED])
        more = " and more" if rows[_MAX_DAMAGED:] else ""
        if not rows:
            return []
        return [
            f"Jobs with an invalid run ID in {self.path.name} are ignored: {ids}{more}. Train their runs again. "
            "To move these jobs aside, run: headroom doctor --repair"
        ]

    def remove_damaged(self) -> int:
        """Move the rows without a valid run ID to a table that no version reads. Return their number."""
        if not self.damaged():
            return 0
        with self._table.writing() as table:
            table.execute("CREATE TABLE IF NOT EXISTS damaged_job AS SELECT * FROM job WHERE 0")
            table.execute(f"INSERT INTO damaged_job SELECT * FROM job WHERE NOT ({VALID_ID})")
            return table.execute(f"DELETE FROM job WHERE NOT ({VALID_ID})").rowcount

    def paused(self) -> Pause | None:
        """Return the pause of the queue; None if it is not paused."""
        rows = self._table.select("SELECT since, asked_by FROM pause LIMIT 1")
        return _PAUSE.validate_python(dict(zip(Pause.__dataclass_fields__, rows[0], strict=True))) if rows else None

    def pause(self, submitted_by: str = "") -> None:
        """Pause the queue: no new jobs start; running jobs finish. Has no effect on a paused queue."""
        with self._table.writing(create=True) as table:
            table.execute(
                "INSERT INTO pause (since, asked_by) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM pause)",
                (time.time(), submitted_by),
            )

    def unpause(self) -> None:
        """Unpause the queue. Has no effect if it is not paused."""
        if self.paused():
            with self._table.writing() as table:
                table.execute("DELETE FROM pause")

    def move(self, run_id: str, offset: int) -> None:
        """Move a queued job by `offset` positions, towards the front if negative; it stops at either end.

        Raises:
            JobStateError: when no queued job has this ID.
        """
        if is_missing(self.path):
            raise build_refusal(run_id, None, "moved", "queued")
        with self._table.writing() as table:
            rows = table.execute(f"SELECT run_id, priority, number FROM job WHERE state = 'queued' {ORDER}").fetchall()
            order = [row[0] for row in rows]
            if run_id not in order:
                raise build_refusal(run_id, self.job(run_id), "moved", "queued")
            position = order.index(run_id)
            order.insert(min(max(position + offset, 0), len(rows) - 1), order.pop(position))
            table.executemany(
                "UPDATE job SET priority = ?, number = ? WHERE run_id = ?",
                [(*row[1:], moved) for row, moved in zip(rows, order, strict=True) if row[0] != moved],
            )

    def cancel(self, run_id: str) -> None:
        """Cancel a queued job immediately, or request the dispatcher to stop a running one.

        Raises:
            JobStateError: when no queued or running job has this ID.
        """
        states: tuple[State, ...] = ("queued", "running")
        if is_missing(self.path):
            raise build_refusal(run_id, None, "cancelled", *states)
        with self._table.writing() as table:
            changed = table.execute(
                "UPDATE job SET cancel = 1, state = iif(state = 'queued', 'cancelled', state),"
                " ended_at = iif(state = 'queued', ?, ended_at)"
                " WHERE run_id = ? AND state IN ('queued', 'running')",
                (time.time(), run_id),
            ).rowcount
        if not changed:
            raise build_refusal(run_id, self.job(run_id), "cancelled", *states)

    def submit(self, specs: Iterable[RunSpec], submitted_by: str = "") -> dict[str, State]:
        """Queue the specs that are not queued or running, in one transaction. A job that is being cancelled is kept.
        All queued jobs have the same time, by which `batch` finds them.

        Returns:
            The state of each job by run ID.
        """
        with self._table.writing(create=True) as table:
            states: dict[str, State] = {}
            now = time.time()
            for spec in specs:
                values = {"run_id": spec.run_id, "spec": json.dumps(spec.model_dump()), "asked_by": submitted_by}
                table.execute(SUBMIT, {**values, "now": now})
                row = table.execute("UPDATE job SET cancel = 0 WHERE run_id = ? RETURNING state", (spec.run_id,))
                states[spec.run_id] = row.fetchone()[0]
        return states

    def claim(self) -> Job | None:
        """Claim the next queued job for a new attempt. A job that continues from a running one waits for it."""
        with self._table.writing() as table:
            row = table.execute(CLAIM, (time.time(),)).fetchone()
        if row is None:
            return None
        job = _job(row)
        self._claimed[job.run_id] = time.monotonic()
        return job

    def requeue(self, job: Job) -> State:
        """Return a job whose attempt was lost to its position in the queue, or cancel it if that was requested."""
        with self._table.writing() as table:
            row = table.execute(REQUEUE, (time.time(), job.run_id)).fetchone()
        state: State = row[0]
        return state

    def settle(self, job: Job, state: State, reason: str = "") -> None:
        """End a job. Its start is corrected if the clock of this machine was changed in the meantime."""
        now, claimed = time.time(), self._claimed.pop(job.run_id, None)
        started = job.started_at if claimed is None else now - (time.monotonic() - claimed)
        with self._table.writing() as table:
            table.execute(
                "UPDATE job SET state = ?, reason = ?, cancel = 0, started_at = ?, ended_at = ? WHERE run_id = ?",
                (state, reason, started, now, job.run_id),
            )

    def _update_state(self, job: Job) -> Job:
        if job.state in ("queued", "running") and self._store.path(job.run_id):
            return replace(job, state="finished", reason="")
        return job

    def _select(self, clause: str, *values: object) -> list[Job]:
        return [_job(row) for row in self._table.select(f"SELECT {COLUMNS} FROM {JOBS} {clause}", *values)]


@lru_cache(maxsize=1024)  # live pages parse the same specs repeatedly
def _parse(spec_json: str) -> RunSpec:
    try:
        return RunSpec.parse(parse_json(spec_json))
    except ValueError:
        raise SpecError("The hyperparameters of this job are damaged. Submit the run again.") from None


def _job(row: tuple[object, ...]) -> Job:
    return _JOB.validate_python(dict(zip(Job.__dataclass_fields__, row, strict=True)))
