"""SQL of the job queue: its tables, and the statements that change several columns."""

TABLE = """
CREATE TABLE IF NOT EXISTS job (
    run_id TEXT PRIMARY KEY,
    number INTEGER NOT NULL,             -- order of submission; unlike a clock, it never goes backwards
    spec TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    attempt INTEGER NOT NULL DEFAULT 0,  -- only increases, so a worker can detect that it was replaced
    deaths INTEGER NOT NULL DEFAULT 0,   -- attempts lost since the job was submitted
    priority INTEGER NOT NULL DEFAULT 0,
    asked_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    cancel INTEGER NOT NULL DEFAULT 0,
    queued_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL
);
CREATE TABLE IF NOT EXISTS pause (       -- one row while the queue is paused
    since REAL NOT NULL,
    asked_by TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS job_state ON job (state, priority, number);
"""

COLUMNS = (
    "run_id, number, spec, state, attempt, deaths, priority, asked_by, reason, cancel, queued_at, started_at, ended_at"
)
ORDER = "ORDER BY priority DESC, number"
VALID_ID = (  # IDs become paths
    "typeof(run_id) = 'text' AND length(CAST(run_id AS BLOB)) = 12 AND run_id NOT GLOB '*[^0-9a-f]*'"
)
JOBS = f"(SELECT * FROM job WHERE {VALID_ID}) AS job"

SUBMIT = """
INSERT INTO job (run_id, number, spec, asked_by, queued_at)
VALUES (:run_id, (SELECT coalesce(max(number), 0) + 1 FROM job), :spec, :asked_by, :now)
ON CONFLICT (run_id) DO UPDATE SET
    number = excluded.number, state = 'queued', deaths = 0, asked_by = excluded.asked_by, reason = '', cancel = 0,
    queued_at = excluded.queued_at, started_at = NULL, ended_at = NULL
WHERE state NOT IN ('queued', 'running')
"""

# A job continues from a run with fewer epochs and otherwise the same spec, so it waits while that one is running.
_SHORTER = """
SELECT 1 FROM job AS shorter WHERE shorter.state = 'running'
    AND CASE WHEN json_valid(shorter.spec) AND json_valid(longer.spec)
        THEN json_remove(shorter.spec, '$.epochs') = json_remove(longer.spec, '$.epochs')
            AND json_extract(shorter.spec, '$.epochs') < json_extract(longer.spec, '$.epochs') END
"""

CLAIM = f"""
UPDATE job SET state = 'running', attempt = attempt + 1, started_at = ?
WHERE run_id = (
        SELECT run_id FROM job AS longer WHERE state = 'queued' AND {VALID_ID} AND NOT EXISTS ({_SHORTER})
        {ORDER} LIMIT 1
    )
    AND NOT EXISTS (SELECT 1 FROM pause)
RETURNING {COLUMNS}
"""

REQUEUE = """
UPDATE job SET state = iif(cancel, 'cancelled', 'queued'), ended_at = iif(cancel, ?, NULL),
    deaths = deaths + 1, cancel = 0
WHERE run_id = ? RETURNING state
"""
