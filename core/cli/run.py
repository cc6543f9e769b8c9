"""`runs`: list finished, running, queued and failed runs, and fetch runs from the artifact store."""

from typing import Annotated, Any, get_args

import typer

from core.cli.added_runs import print_added
from core.cli.output import (
    JsonFlag,
    format_dataset,
    format_known,
    print_json,
    print_message,
    print_side_file_problems,
    print_table,
)
from core.errors import ArtifactError, RunNotFoundError
from core.home import Home
from core.plural import format_plural
from core.suggestion import reject_name, suggest

app = typer.Typer(invoke_without_command=True)


@app.callback()
def runs(
    context: typer.Context,
    recipe: Annotated[str | None, typer.Option(help="List only runs of this recipe.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="List only runs with this status: queued, running, finished, failed or cancelled."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List all runs: unfinished and failed runs first, then finished runs, newest first."""
    from core.jobs.queue import State
    from core.jobs.run_list import list_runs
    from core.recipes import RECIPES
    from core.store.elsewhere import clear_settings
    from core.store.run_store import RunStore
    from core.store.withheld import describe_withheld

    if context.invoked_subcommand is not None:
        return
    states = get_args(State)
    if status is not None and status not in states:
        raise reject_name("status", status, states)
    filters = {"recipe": RECIPES[recipe].name if recipe is not None else None, "status": status}
    home = Home.default()
    store = RunStore(home)
    rows = [
        clear_settings(row)
        for row in list_runs(home, store)
        if all(value in (None, row[name]) for name, value in filters.items())
    ]
    for message in store.damaged().values():
        print_message(f"Skipped: {message}")
    print_side_file_problems(home)
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_message("No matching runs. Train some with: headroom train --recipe digits-heads")
    print_table([_as_text(row) for row in rows], numbers=("Seed", "Epochs", "Test accuracy", "Test loss", "Parameters"))
    if withheld := sum(row["withheld"] for row in rows):
        print_message(describe_withheld(withheld))


@app.command()
def fetch(
    run_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN_ID]...", help="IDs of runs. Without IDs, list the runs that can be fetched."),
    ] = None,
) -> None:
    """Fetch finished runs from the artifact store (HEADROOM_ARTIFACTS) and print the IDs of the fetched runs."""
    from core.store.artifact import ArtifactStore
    from core.store.run_store import RunStore

    home, store = Home.default(), ArtifactStore.read()
    if store is None:
        raise ArtifactError("No artifact store is configured. Set HEADROOM_ARTIFACTS to its URL.")
    existing = set(RunStore(home).frame().query("source == 'home'")["run_id"])
    if not run_ids:
        missing = sorted(store.list_ids() - existing)
        print_message(
            f"{format_plural(len(missing), 'run')} in {store.url} {'is' if len(missing) == 1 else 'are'} not in this "
            "home. Fetch some with: headroom runs fetch RUN_ID"
        )
        for run_id in missing:
            typer.echo(run_id)
        return
    for run_id in run_ids:
        if run_id in existing:
            print_message(f"{run_id}: already exists.")
        else:
            print_added(home, [store.fetch(run_id, home).run_id], "fetched")


def _write_epochs(epochs: int | None, trained: int | None) -> str:
    """Return "25", or "7 of 25" after early stopping."""
    if epochs is None or trained in (None, epochs):
        return format_known(epochs or trained, "{:,}".format)
    return f"{trained} of {epochs}"


def _write_measured(keep: str | None, epoch: int | None) -> str:
    from core.store.kept_epoch import describe_keep

    return format_known(None) if keep is None or epoch is None else f"{describe_keep(keep)} ({epoch:,})"


def _as_text(row: dict[str, Any]) -> dict[str, str]:
    from core.analysis.seed_mean import SeedMean
    from core.displays.number import format_accuracy, format_count, format_loss
    from core.store.variant_label import name_run

    return {
        "Run": row["run_id"],
        "Recipe": format_known(row["recipe"]),
        "Dataset": format_dataset(row),
        "Head": row["elsewhere"] or format_known(row["head"] and name_run(row["head"], row["backbone"], row["model"])),
        "Seed": format_known(row["seed"]),
        "Epochs": _write_epochs(row["epochs"], row["trained_epochs"]),
        "Status": f"{row['status']}, withheld" if row["withheld"] else row["status"],
        "Measured at": _write_measured(row["keep"], row["measured_epoch"]),
        "Test accuracy": format_known(row["test_accuracy"], lambda value: format_accuracy(SeedMean(value, None, 1))),
        "Test loss": format_known(row["test_loss"], lambda value: format_loss(SeedMean(value, None, 1))),
        "Parameters": format_known(row["params"], format_count),
    }


def find_id(home: Home, prefix: str) -> str:
    """Return the ID of the run, finished or not, that has this prefix.

    Raises:
        RunNotFoundError: when it matches no run, or several.
    """
    from core.jobs.run_list import list_available_jobs
    from core.store.run_store import RunStore

    store = RunStore(home)
    known = {
        *store.list_ids(),
        *store.damaged(),
        *(job.run_id for job in list_available_jobs(home)),
    }
    matches = [run_id for run_id in known if run_id.startswith(prefix)] if prefix else []
    if len(matches) == 1 or prefix in matches:
        return prefix if prefix in matches else matches[0]
    if matches:
        raise RunNotFoundError(f"{prefix!r:.60} matches {len(matches)} runs; enter more characters.")
    raise RunNotFoundError(
        f"Run {prefix!r:.60} was not found; it may have been deleted. {suggest(prefix, known, ids=True)}"
        "`headroom runs` lists all."
    )
