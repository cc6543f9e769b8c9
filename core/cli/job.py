"""`jobs`: list, cancel, resume, retry and reorder jobs; pause the queue."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.job_refusal import explaining_refusal
from core.cli.output import JsonFlag, format_dataset, format_known, print_json, print_message, print_table
from core.cli.run import find_id
from core.errors import HeadroomError
from core.home import Home

if TYPE_CHECKING:
    from core.jobs.queue import Job, State
    from core.store.run_store import RunStore

app = typer.Typer(invoke_without_command=True)

_RunId = Annotated[str, typer.Argument(metavar="RUN_ID", help="Run ID of a job, or a unique prefix of it.")]
SUBMITTED_BY = "the command line"
PAUSED = "The queue is paused. To start queued jobs again: headroom jobs unpause"


@app.callback()
def jobs(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the jobs, newest first, with the progress of running jobs and the reason of each failure."""
    from core.displays.job_table import format_test_accuracy, list_differing, list_setting_values
    from core.jobs.damaged import list_damaged_jobs
    from core.jobs.health import is_starting, read_health
    from core.jobs.queue import JobQueue
    from core.store.run_store import RunStore

    if context.invoked_subcommand is not None:
        return
    home = Home.default()
    queue = JobQueue(home)
    listed = queue.jobs()
    starting = is_starting(home)
    store = RunStore(home)
    rows = [_describe(store, job, starting) for job in listed]
    for message in list_damaged_jobs(home):
        print_message(message)
    if queue.paused():
        print_message(PAUSED)
    health = read_health(home)
    if health:
        print_message(health)
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_message("No jobs yet. Start some with: headroom train --recipe digits-heads")
    differing = list_differing(listed)
    print_table(
        [
            {
                "Run": row["run_id"],
                "Dataset": format_dataset(row),
                "Head": format_known(row["head"]),
                **list_setting_values(job, differing),
                "Seed": format_known(row["seed"]),
                "Status": row["status"],
                "Test accuracy": format_test_accuracy(row["test_accuracy"]),
                "Details": row["reason"] or (row["progress_text"] if row["status"] == "running" else ""),
            }
            for job, row in zip(listed, rows, strict=True)
        ],
        numbers=("Seed", "Test accuracy"),
    )


def _describe(store: "RunStore", job: "Job", starting: bool) -> dict[str, Any]:
    from core.displays.job_table import read_accuracy
    from core.displays.progress import describe_progress
    from core.jobs.health import read_live_progress

    progress = read_live_progress(store.home, job, starting)
    try:
        spec = job.spec.model_dump()
    except HeadroomError:  # queued by a version with other hyperparameters: the job is listed without them
        spec = {}
    text = "stopping" if job.cancel else describe_progress(job.state, progress)[1]
    return {
        "run_id": job.run_id,
        "status": job.state,
        **{name: spec.get(name) for name in ("dataset", "folder", "head", "seed", "epochs")},
        "progress": progress.model_dump() if progress else None,
        "progress_text": text,
        "test_accuracy": read_accuracy(store, job),
        "reason": job.reason or None,
        **{name: getattr(job, name) for name in ("attempt", "submitted_by", "queued_at", "started_at", "ended_at")},
    }


@app.command()
def cancel(run_id: _RunId) -> None:
    """Cancel a queued or running job. Its checkpoint is kept for `resume`."""
    from core.jobs.queue import JobQueue
    from core.jobs.submit import cancel_job

    home = Home.default()
    found = find_id(home, run_id)
    with explaining_refusal(home, found):
        cancel_job(home, found)
    job = JobQueue(home).job(found)
    stops = job is not None and job.state == "running"
    state = "stops within seconds, and keeps its checkpoint" if stops else "cancelled"
    print_message(f"{found}: {state}. To resume it{' then' * stops}, run: headroom jobs resume {found}")


@app.command()
def resume(run_id: _RunId) -> None:
    """Resume a cancelled job from its checkpoint."""
    _requeue(run_id, "cancelled")


@app.command()
def retry(run_id: _RunId) -> None:
    """Retry a failed job, from its checkpoint if it has one."""
    _requeue(run_id, "failed")


def _requeue(run_id: str, state: "State") -> None:
    from core.jobs.queue import JobQueue
    from core.jobs.submit import requeue_job

    home = Home.default()
    found = find_id(home, run_id)
    with explaining_refusal(home, found):
        print_message(f"{found}: {requeue_job(home, found, state, submitted_by=SUBMITTED_BY).status}.")
    if JobQueue(home).paused():
        print_message(PAUSED)


@app.command()
def pause() -> None:
    """Pause the queue: no new jobs start, running jobs finish."""
    from core.jobs.queue import JobQueue

    JobQueue(Home.default()).pause(SUBMITTED_BY)
    print_message(PAUSED)


@app.command()
@app.command("go-on", hidden=True)  # alias: the name before it was renamed
def unpause() -> None:
    """Unpause the queue: queued jobs start again."""
    from core.jobs.submit import unpause_queue

    unpause_queue(Home.default())
    print_message("The queue is no longer paused.")


@app.command()
def revive() -> None:
    """Start the dispatcher if it has ended, and restart running jobs without a sign of life from their checkpoints."""
    from core.jobs.queue import JobQueue
    from core.jobs.submit import revive_jobs

    for run_id in revive_jobs(Home.default()):
        print_message(f"{run_id}: restarts from its last checkpoint.")
    print_message("The dispatcher is running." if JobQueue(Home.default()).has_work() else "No jobs are left.")


@app.command()
def first(run_id: _RunId) -> None:
    """Move a queued job to the front of the queue."""
    _move(run_id, None)


@app.command()
def up(run_id: _RunId) -> None:
    """Move a queued job up by one position."""
    _move(run_id, -1)


@app.command()
def down(run_id: _RunId) -> None:
    """Move a queued job down by one position."""
    _move(run_id, 1)


def _move(run_id: str, positions: int | None) -> None:
    """Move a queued job by a number of positions, to the front of the queue if None."""
    from core.jobs.queue import JobQueue

    home = Home.default()
    queue, found = JobQueue(home), find_id(home, run_id)
    with explaining_refusal(home, found):
        queue.move(found, -len(queue.unfinished()) if positions is None else positions)
    queued = [job.run_id for job in queue.unfinished() if job.state == "queued"]
    if found in queued:  # the dispatcher may have started it in the meantime
        print_message(f"{found}: position {queued.index(found) + 1} of {len(queued)} in the queue.")
