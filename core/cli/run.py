"""`runs` and `show`: what has been trained, is being trained, or went wrong."""

from typing import Annotated, Any, get_args

import typer

from core.cli.output import JsonFlag, format_known, print_json, print_message, print_pairs, print_table
from core.displays.json_values import to_rows
from core.errors import ArtifactError, RunNotFoundError, UnknownNameError
from core.home import Home

_WHOLE = ("seed", "epochs", "trained_epochs", "params")

app = typer.Typer(invoke_without_command=True)


@app.callback()
def runs(
    context: typer.Context,
    recipe: Annotated[str | None, typer.Option(help="Only the runs of this recipe.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only runs that are queued, running, finished, failed or cancelled.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List all runs: those that wait, run or failed first, then the finished ones, newest first."""
    from core.jobs.queue import State
    from core.jobs.run_list import list_runs
    from core.recipes import RECIPES
    from core.store.run_store import RunStore

    if context.invoked_subcommand is not None:
        return
    states = get_args(State)
    if status is not None and status not in states:
        raise UnknownNameError(f"Expected status to be one of {', '.join(map(repr, states))}; got {status!r:.60}.")
    wanted = {"recipe": RECIPES[recipe].name if recipe is not None else None, "status": status}
    home = Home.default()
    store = RunStore(home)
    rows = [
        {name: _as_whole(value) if name in _WHOLE else value for name, value in row.items()}
        for row in to_rows(list_runs(home, store))
        if all(value in (None, row[name]) for name, value in wanted.items())
    ]
    for sentence in store.damaged().values():
        print_message(f"Left out: {sentence}")
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_message("No such runs yet; train some with: python -m core train --recipe digits-heads")
    print_table([_as_text(row) for row in rows], numbers=("Seed", "Epochs", "Test accuracy", "Test loss", "Parameters"))


@app.command()
def fetch(
    run_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN_ID]...", help="Ids of runs. Without any, lists those that are not here yet."),
    ] = None,
) -> None:
    """Bring finished runs here from the store that HEADROOM_ARTIFACTS names, and print the ids of those that came."""
    from core.store.artifact import ArtifactStore
    from core.store.run_store import RunStore

    home, store = Home.default(), ArtifactStore.read()
    if store is None:
        raise ArtifactError("Expected HEADROOM_ARTIFACTS to name a store to fetch from; got none.")
    here = set(RunStore(home).frame().query("source == 'home'")["run_id"])
    if not run_ids:
        absent = sorted(store.list_ids() - here)
        print_message(
            f"{store.url} holds {len(absent)} runs that are not here; bring some: python -m core runs fetch RUN_ID"
        )
        for run_id in absent:
            typer.echo(run_id)
        return
    for run_id in run_ids:
        if run_id in here:
            print_message(f"{run_id}: here already.")
        else:
            typer.echo(store.fetch(run_id, home).run_id)


def _as_whole(value: Any) -> int | None:
    """A column with gaps holds whole numbers as floats."""
    return None if value is None else int(value)


def _write_epochs(asked: int | None, trained: int | None) -> str:
    """«25», or «7 of 25» where patience ended it before."""
    return f"{trained} of {asked}" if trained not in (None, asked) else format_known(asked, "{:,}".format)


def _as_text(row: dict[str, Any]) -> dict[str, str]:
    from core.analysis.summary import SeedMean
    from core.displays.number import format_accuracy, format_count, format_loss

    return {
        "Run": row["run_id"],
        "Recipe": format_known(row["recipe"]),
        "Dataset": format_known(row["dataset"]),
        "Head": format_known(row["head"]),
        "Seed": format_known(row["seed"]),
        "Epochs": _write_epochs(row["epochs"], row["trained_epochs"]),
        "Status": row["status"],
        "Test accuracy": format_known(row["test_accuracy"], lambda value: format_accuracy(SeedMean(value, None, 1))),
        "Test loss": format_known(row["test_loss"], lambda value: format_loss(SeedMean(value, None, 1))),
        "Parameters": format_known(row["params"], format_count),
    }


def show(
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="The id of a run or a job, or how it begins.")],
    as_json: JsonFlag = False,
) -> None:
    """Show one run: its settings, results, costs and files; of an unfinished one how far it is, or why it failed."""
    found = _describe(Home.default(), run_id)
    if as_json:
        print_json(found)
    else:
        _print(found)


def find_id(home: Home, beginning: str) -> str:
    """The id of the run, finished or not, that begins so.

    Raises:
        RunNotFoundError: when it fits none or several.
    """
    from core.jobs.queue import JobQueue
    from core.store.run_store import RunStore

    store = RunStore(home)
    known = {*store.frame()["run_id"], *store.damaged(), *(job.run_id for job in JobQueue(home).jobs())}
    fitting = [run_id for run_id in known if run_id.startswith(beginning)] if beginning else []
    if len(fitting) == 1 or beginning in fitting:
        return beginning if beginning in fitting else fitting[0]
    got = f"{beginning!r:.60}, which fits {len(fitting)}" if fitting else f"{beginning!r:.60}"
    raise RunNotFoundError(f"Expected the id of one run or job; got {got}.")


def _describe(home: Home, beginning: str) -> dict[str, Any]:
    from core.displays.progress import describe_progress
    from core.jobs.progress import folder_of, read_progress
    from core.jobs.queue import JobQueue
    from core.store.run_store import RunStore

    run_id, store = find_id(home, beginning), RunStore(home)
    job = JobQueue(home).job(run_id)
    if job is not None and job.state != "finished" and store.path(run_id) is None:
        progress = read_progress(home, run_id)
        return {
            "run_id": run_id,
            "status": job.state,
            "spec": job.spec.model_dump(),
            "metrics": None, "cost": None, "data": None, "cpu": None, "finished_at": None,
            "trained_epochs": None,
            "path": format_known(folder_of(home, run_id)) if folder_of(home, run_id) else None,
            "progress": progress.model_dump() if progress else None,
            "progress_text": describe_progress(job.state, progress)[1],
            "reason": job.reason or None,
        }  # fmt: skip
    run = store.open(run_id)
    record = run.record.model_dump(mode="json")
    return {
        "run_id": run_id,
        "status": "finished",
        "spec": run.spec.model_dump(),
        **{name: record[name] for name in ("metrics", "cost", "data", "cpu", "finished_at")},
        "trained_epochs": run.record.trained_epochs,
        "path": str(run.path),
        "progress": None,
        "progress_text": None,
        "reason": None,
    }


def _print(found: dict[str, Any]) -> None:
    from core.analysis.summary import SeedMean
    from core.displays.number import format_accuracy, format_bytes, format_count, format_loss, format_seconds

    forms: dict[str, Any] = {
        "bytes": format_bytes,
        "seconds": format_seconds,
        "accuracy": lambda value: format_accuracy(SeedMean(value, None, 1)),
        "loss": lambda value: format_loss(SeedMean(value, None, 1)),
    }
    pairs = {name: format_known(found[name]) for name in ("run_id", "status", "finished_at", "path") if found[name]}
    pairs |= {name: found[name] for name in ("progress_text", "reason") if found[name]}
    if found["trained_epochs"]:
        pairs["trained_epochs"] = format_count(found["trained_epochs"])
    pairs |= {f"spec.{name}": format_known(value) for name, value in found["spec"].items()}
    for part in ("metrics", "cost"):
        for name, value in (found[part] or {}).items():
            pairs[f"{part}.{name}"] = format_known(value, forms.get(name.rpartition("_")[2], format_count))
    for name, value in (found["data"] or {}).items():
        count = name.endswith("_images")
        pairs[f"data.{name}"] = (
            ", ".join(map(str, value)) if isinstance(value, list) else f"{value:,}" if count else str(value)
        )
    if found["cpu"]:
        pairs["cpu"] = found["cpu"]
    print_pairs(pairs)
