"""The table of jobs: one SQLite file a home, read by pages and written by submitters and the dispatcher."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, get_args

from core.errors import JobError
from core.home import Home
from core.jobs.database import JobDatabase
from core.spec import RunSpec
from core.store.run_store import RunStore

State = Literal["queued", "running", "finished", "failed", "cancelled"]

_TABLE = """
CREATE TABLE IF NOT EXISTS job (
    run_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL,             -- order of asking: a clock can go backwards, this cannot
    spec TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    attempt INTEGER NOT NULL DEFAULT 0,  -- only ever rises, so a worker can tell that it was replaced
    deaths INTEGER NOT NULL DEFAULT 0,   -- attempts lost since somebody asked for this job
    priority INTEGER NOT NULL DEFAULT 0,
    asked_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    cancel INTEGER NOT NULL DEFAULT 0,
    queued_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL
);
CREATE TABLE IF NOT EXISTS pause (       -- a row while nothing is to be started
    since REAL NOT NULL,
    asked_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS job_state ON job (state, priority, number);
"""

_COLUMNS = (
    "run_id, number, spec, state, attempt, deaths, priority, asked_by, reason, cancel, queued_at, started_at, ended_at"
)
_ORDER = "ORDER BY priority DESC, number"

_SUBMIT = """
INSERT INTO job (run_id, number, spec, asked_by, queued_at)
VALUES (:run_id, (SELECT coalesce(max(number), 0) + 1 FROM job), :spec, :asked_by, :now)
ON CONFLICT (run_id) DO UPDATE SET
    number = excluded.number, state = 'queued', deaths = 0, asked_by = excluded.asked_by, reason = '', cancel = 0,
    queued_at = excluded.queued_at, started_at = NULL, ended_at = NULL
WHERE state NOT IN ('queued', 'running')
"""

# A longer training goes on from a shorter one that is otherwise the same, so it waits while that one runs.
_BEGUN = """
SELECT 1 FROM job AS shorter WHERE shorter.state = 'running'
    AND CASE WHEN json_valid(shorter.spec) AND json_valid(waiting.spec)
        THEN json_remove(shorter.spec, '$.epochs') = json_remove(waiting.spec, '$.epochs')
            AND json_extract(shorter.spec, '$.epochs') < json_extract(waiting.spec, '$.epochs') END
"""

_CLAIM = f"""
UPDATE job SET state = 'running', attempt = attempt + 1, started_at = ?
WHERE run_id = (SELECT run_id FROM job AS waiting WHERE state = 'queued' AND NOT EXISTS ({_BEGUN}) {_ORDER} LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM pause)
RETURNING {_COLUMNS}
"""

_REQUEUE = """
UPDATE job SET state = iif(cancel, 'cancelled', 'queued'), ended_at = iif(cancel, ?, NULL),
    deaths = deaths + 1, cancel = 0
WHERE run_id = ? RETURNING state
"""


@dataclass(frozen=True)
class Job:
    """One line of the table. Times are in seconds since 1970.

    `number` rises from one asking to the next, whatever the clock does. `deaths` counts the attempts that ended without
    a word, `cancel` says that somebody wants it stopped.
    """

    run_id: str
    number: int
    spec_json: str
    state: State
    attempt: int
    deaths: int
    priority: int
    submitted_by: str
    reason: str
    cancel: bool
    queued_at: float
    started_at: float | None
    ended_at: float | None

    @property
    def spec(self) -> RunSpec:
        """
        Raises:
            SpecError, UnknownNameError: when the job was queued by a version that knew other settings.
        """
        return _parse(self.spec_json)

    @property
    def handle(self) -> str:
        """The name of the current attempt."""
        return f"{self.run_id}-{self.attempt}"


@dataclass(frozen=True)
class Pause:
    """Who stopped the queue, and when, in seconds since 1970."""

    since: float
    submitted_by: str


class JobQueue:
    """The jobs of a home. Reading makes no file, so it also works where nothing can be written.

    Raises:
        HomeError: from every method, when the table cannot be read or written.
    """

    def __init__(self, home: Home) -> None:
        self.path = home.jobs / "queue.sqlite"
        self._table = JobDatabase(self.path, _TABLE)
        self._store = RunStore(home)

    def jobs(self) -> list[Job]:
        """All jobs, newest first. A job whose run is published is finished, whatever the table says yet."""
        return [self._seen(job) for job in self._select("ORDER BY number DESC")]

    def job(self, run_id: str) -> Job | None:
        return next((self._seen(job) for job in self._select("WHERE run_id = ?", run_id)), None)

    def unfinished(self) -> list[Job]:
        """Queued and running jobs as the table has them, in the order they will be, or were, started."""
        return self._select(f"WHERE state IN ('queued', 'running') {_ORDER}")

    def ended(self, limit: int) -> list[Job]:
        """The jobs that ended, newest first, at most so many."""
        clause = "WHERE state IN ('finished', 'failed', 'cancelled') ORDER BY number DESC LIMIT ?"
        return self._select(clause, limit)

    def running(self) -> list[Job]:
        """Jobs that the table has as running."""
        return self._select("WHERE state = 'running' ORDER BY number")

    def count(self) -> dict[State, int]:
        """How many jobs the table has in each state; cheap however long it is."""
        rows: dict[Any, Any] = dict(self._table.select("SELECT state, count(*) FROM job GROUP BY state"))  # type: ignore[arg-type]
        return {state: rows.get(state, 0) for state in get_args(State)}

    def has(self, *states: State) -> bool:
        """Whether the table has a job in one of these states; cheap however long it is."""
        marks = ", ".join("?" * len(states))
        return bool(self._select(f"WHERE state IN ({marks}) LIMIT 1", *states))

    def has_work(self) -> bool:
        """Whether there is something for a dispatcher to do: in a paused queue, only to look after what runs."""
        return self.has("running") or (self.paused() is None and self.has("queued"))

    def newest_number(self) -> int:
        """The number of the job that was asked for last, 0 without one."""
        return max((job.number for job in self._select("ORDER BY number DESC LIMIT 1")), default=0)

    def paused(self) -> Pause | None:
        """None while jobs are started as soon as there is room."""
        rows = self._table.select("SELECT since, asked_by FROM pause LIMIT 1")
        return Pause(*rows[0]) if rows else None  # type: ignore[arg-type]

    def pause(self, submitted_by: str = "") -> None:
        """From now on nothing is started; what runs goes on to its end. Pausing twice is pausing once."""
        with self._table.writing(create=True) as table:
            table.execute(
                "INSERT INTO pause (since, asked_by) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM pause)",
                (time.time(), submitted_by),
            )

    def unpause(self) -> None:
        """Ends a pause; without one, nothing changes."""
        if self.paused():
            with self._table.writing() as table:
                table.execute("DELETE FROM pause")

    def move(self, run_id: str, places: int) -> None:
        """Moves a queued job by so many places, towards the front when negative; it stops at either end.

        Raises:
            JobError: when no queued job has that id.
        """
        with self._table.writing() as table:
            rows = table.execute(f"SELECT run_id, priority, number FROM job WHERE state = 'queued' {_ORDER}").fetchall()
            order = [row[0] for row in rows]
            if run_id not in order:
                raise JobError(f"Expected the id of a queued job; got {run_id!r:.60}.")
            begin = order.index(run_id)
            order.insert(min(max(begin + places, 0), len(rows) - 1), order.pop(begin))
            table.executemany(
                "UPDATE job SET priority = ?, number = ? WHERE run_id = ?",
                [(*row[1:], moved) for row, moved in zip(rows, order, strict=True) if row[0] != moved],
            )

    def cancel(self, run_id: str) -> None:
        """A queued job is cancelled at once; of a running one the dispatcher is asked to end it.

        Raises:
            JobError: when no queued or running job has that id.
        """
        with self._table.writing() as table:
            asked = table.execute(
                "UPDATE job SET cancel = 1, state = iif(state = 'queued', 'cancelled', state),"
                " ended_at = iif(state = 'queued', ?, ended_at)"
                " WHERE run_id = ? AND state IN ('queued', 'running')",
                (time.time(), run_id),
            ).rowcount
        if not asked:
            raise JobError(f"Expected the id of a queued or running job; got {run_id!r:.60}.")

    def submit(self, specs: Iterable[RunSpec], submitted_by: str = "") -> dict[str, State]:
        """Queues what is not queued or running, all in one step; run id to state after it.

        Whoever asks again for a job that is being cancelled gets it back.
        """
        with self._table.writing(create=True) as table:
            states: dict[str, State] = {}
            for spec in specs:
                values = {"run_id": spec.run_id, "spec": json.dumps(spec.model_dump()), "asked_by": submitted_by}
                table.execute(_SUBMIT, {**values, "now": time.time()})
                row = table.execute("UPDATE job SET cancel = 0 WHERE run_id = ? RETURNING state", (spec.run_id,))
                states[spec.run_id] = row.fetchone()[0]
        return states

    def claim(self) -> Job | None:
        """Takes the next queued job for a new attempt; one that will go on from a running one has to wait for it."""
        with self._table.writing() as table:
            row = table.execute(_CLAIM, (time.time(),)).fetchone()
        return _job(row) if row else None

    def requeue(self, job: Job) -> State:
        """Gives a job whose attempt died its old place in the queue; one that was to be cancelled ends here."""
        with self._table.writing() as table:
            row = table.execute(_REQUEUE, (time.time(), job.run_id)).fetchone()
        state: State = row[0]
        return state

    def settle(self, job: Job, state: State, reason: str = "") -> None:
        with self._table.writing() as table:
            table.execute(
                "UPDATE job SET state = ?, reason = ?, cancel = 0, ended_at = ? WHERE run_id = ?",
                (state, reason, time.time(), job.run_id),
            )

    def _seen(self, job: Job) -> Job:
        if job.state in ("queued", "running") and self._store.path(job.run_id):
            return replace(job, state="finished", reason="")
        return job

    def _select(self, clause: str, *values: object) -> list[Job]:
        return [_job(row) for row in self._table.select(f"SELECT {_COLUMNS} FROM job {clause}", *values)]


@lru_cache(maxsize=1024)  # pages that watch ask for the same ones again and again
def _parse(spec_json: str) -> RunSpec:
    return RunSpec.parse(json.loads(spec_json))


def _job(row: tuple[object, ...]) -> Job:
    values = dict(zip(Job.__dataclass_fields__, row, strict=True))
    return Job(**{**values, "cancel": bool(values["cancel"])})  # type: ignore[arg-type]
