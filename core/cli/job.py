"""`jobs`: trainings that wait, run or ended; ending one, asking for it again, and the order of those that wait."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.output import JsonFlag, format_known, print_json, print_message, print_table
from core.cli.run import find_id
from core.errors import HeadroomError
from core.home import Home

if TYPE_CHECKING:
    from core.jobs.queue import Job, State

app = typer.Typer(invoke_without_command=True)

_Given = Annotated[str, typer.Argument(metavar="RUN_ID", help="The id of a job, or its start.")]
SUBMITTED_BY = "the command line"
PAUSED = "The queue is paused: nothing is started before: python -m core jobs go-on"


@app.callback()
def jobs(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the trainings, newest first: how far those are that run, and why those failed that did."""
    from core.jobs.health import read_health
    from core.jobs.queue import JobQueue

    if context.invoked_subcommand is not None:
        return
    home = Home.default()
    queue = JobQueue(home)
    rows = [_describe(home, job) for job in queue.jobs()]
    if queue.paused():
        print_message(PAUSED)
    trouble = read_health(home)
    if trouble:
        print_message(trouble)
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_message("No trainings yet; start some with: python -m core train --recipe digits-heads")
    print_table(
        [
            {
                "Run": row["run_id"],
                "Dataset": format_known(row["dataset"]),
                "Head": format_known(row["head"]),
                "Seed": format_known(row["seed"]),
                "Status": row["status"],
                "How far, or why not": row["reason"] or (row["progress_text"] if row["status"] == "running" else ""),
            }
            for row in rows
        ],
        numbers=("Seed",),
    )


def _describe(home: Home, job: "Job") -> dict[str, Any]:
    from core.displays.progress import describe_progress
    from core.jobs.progress import read_progress

    progress = read_progress(home, job.run_id) if job.state == "running" else None
    try:
        spec = job.spec.model_dump()
    except HeadroomError:  # queued by a version that knew other settings: the list goes on
        spec = {}
    text = "stopping" if job.cancel else describe_progress(job.state, progress)[1]
    return {
        "run_id": job.run_id,
        "status": job.state,
        **{name: spec.get(name) for name in ("dataset", "head", "seed", "epochs")},
        "progress": progress.model_dump() if progress else None,
        "progress_text": text,
        "reason": job.reason or None,
        **{name: getattr(job, name) for name in ("attempt", "submitted_by", "queued_at", "started_at", "ended_at")},
    }


@app.command()
def cancel(run_id: _Given) -> None:
    """End a training that waits or runs; what it has learned so far is kept for `resume`."""
    from core.jobs.submit import cancel_job

    home = Home.default()
    found = find_id(home, run_id)
    cancel_job(home, found)
    print_message(f"{found}: cancelled; go on from its checkpoint with: python -m core jobs resume {found}")


@app.command()
def resume(run_id: _Given) -> None:
    """Go on with a cancelled training from its checkpoint."""
    _ask_again(run_id, "cancelled")


@app.command()
def retry(run_id: _Given) -> None:
    """Train a failed one again, from its checkpoint where there is one."""
    _ask_again(run_id, "failed")


def _ask_again(run_id: str, state: "State") -> None:
    from core.jobs.queue import JobQueue
    from core.jobs.submit import requeue_job

    home = Home.default()
    found = find_id(home, run_id)
    print_message(f"{found}: {requeue_job(home, found, state, submitted_by=SUBMITTED_BY).status}.")
    if JobQueue(home).paused():
        print_message(PAUSED)


@app.command()
def pause() -> None:
    """Start nothing more; what runs goes on to its end."""
    from core.jobs.queue import JobQueue

    JobQueue(Home.default()).pause(SUBMITTED_BY)
    print_message(PAUSED)


@app.command()
@app.command("go-on", hidden=True)  # its former name
def unpause() -> None:
    """Start queued training again after a pause."""
    from core.jobs.submit import unpause_queue

    unpause_queue(Home.default())
    print_message("The queue is running again.")


@app.command()
def first(run_id: _Given) -> None:
    """Have a queued training started before all others."""
    _move(run_id, None)


@app.command()
def up(run_id: _Given) -> None:
    """Have a queued training started one place earlier."""
    _move(run_id, -1)


@app.command()
def down(run_id: _Given) -> None:
    """Have a queued training started one place later."""
    _move(run_id, 1)


def _move(run_id: str, places: int | None) -> None:
    """None moves it to the front."""
    from core.jobs.queue import JobQueue

    home = Home.default()
    queue, found = JobQueue(home), find_id(home, run_id)
    queue.move(found, -len(queue.unfinished()) if places is None else places)
    queued = [job.run_id for job in queue.unfinished() if job.state == "queued"]
    if found in queued:  # a dispatcher may have started it at this moment
        print_message(f"{found}: number {queued.index(found) + 1} of {len(queued)} that wait.")
