"""`jobs`: trainings that wait, run or ended, and ending one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.output import JsonFlag, format_known, print_json, print_table, say
from core.cli.run import find_id
from core.errors import HeadroomError
from core.home import Home

if TYPE_CHECKING:
    from core.jobs.queue import Job

app = typer.Typer(invoke_without_command=True)


@app.callback()
def jobs(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the trainings, newest first: how far those are that run, and why those failed that did."""
    from core.jobs.queue import JobQueue
    from core.jobs.trouble import read_trouble

    if context.invoked_subcommand is not None:
        return
    home = Home.default()
    rows = [_describe(home, job) for job in JobQueue(home).jobs()]
    trouble = read_trouble(home)
    if trouble:
        say(trouble)
    if as_json:
        print_json(rows)
        return
    if not rows:
        say("No trainings yet; start some with: python -m core train --recipe digits-heads")
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
        **{name: getattr(job, name) for name in ("attempt", "asked_by", "queued_at", "started_at", "ended_at")},
    }


@app.command()
def cancel(
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="The id of a queued or running job, or its start.")],
) -> None:
    """End a training; what it has learned so far is kept for when somebody asks for it again."""
    from core.jobs.submit import cancel as cancel_job

    home = Home.default()
    found = find_id(home, run_id)
    cancel_job(home, found)
    say(f"{found}: cancelled; asked for again, it goes on from its checkpoint.")
