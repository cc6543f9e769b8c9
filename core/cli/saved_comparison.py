"""`comparisons`: list, save, rename, delete and restore saved comparisons."""

from typing import Annotated

import typer

from core.cli.comparison import BaselineOption, ComparisonArgument, load_comparison
from core.cli.output import JsonFlag, print_json, print_message, print_table
from core.home import Home

app = typer.Typer(invoke_without_command=True)
SavedArgument = Annotated[
    str, typer.Argument(metavar="SAVED", help="ID or name of a saved comparison, or a unique prefix of the ID.")
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of up to 100 characters.")]


@app.callback()
def comparisons(
    context: typer.Context,
    deleted: Annotated[bool, typer.Option("--deleted", help="List the deleted ones, which can be restored.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List, save, rename, delete and restore saved comparisons."""
    from core.errors import ComparisonError
    from core.store.saved_comparison import list_saved_ids, open_deleted_saved, open_saved

    if context.invoked_subcommand is not None:
        return
    home = Home.default()
    found = []
    for saved_id in list_saved_ids(home, deleted=deleted):
        try:
            found.append((open_deleted_saved if deleted else open_saved)(home, saved_id))
        except ComparisonError as error:
            print_message(str(error))
    found.sort(key=lambda saved: saved.at, reverse=True)
    if as_json:
        print_json([saved.model_dump(mode="json") for saved in found])
        return
    if not found:
        kind = "deleted" if deleted else "saved"
        print_message(f"No {kind} comparisons. Save one with: headroom comparisons save NAME COMPARISON")
    print_table(
        [
            {
                "Comparison": f"saved:{saved.saved_id}",
                "Name": saved.name,
                "Runs": f"{len(saved.runs):,}",
                "Baseline": saved.baseline or "–",
                "Saved (UTC)": str(saved.at)[:16].replace("T", " "),
                "Saved by": saved.by or "–",
            }
            for saved in found
        ],
        numbers=("Runs",),
    )


@app.command()
def save(name: NameArgument, run_ids: ComparisonArgument, baseline: BaselineOption = "") -> None:
    """Save the runs and the baseline of a comparison under a name, and print the ID that links contain."""
    from core.store.run_store import RunStore
    from core.store.saved_comparison import save_runs

    store = RunStore(Home.default())
    comparison, _ = load_comparison(store, run_ids, baseline)
    runs = tuple(run.run_id for run in comparison.runs)
    typer.echo(f"saved:{save_runs(store.home, name, runs, comparison.baseline).saved_id}")


@app.command()
def rename(saved: SavedArgument, name: NameArgument) -> None:
    """Rename a saved comparison; links to it stay valid."""
    from core.store.saved_comparison import find_saved_id, rename_saved

    home = Home.default()
    renamed = rename_saved(home, find_saved_id(home, saved), name)
    typer.echo(f"saved:{renamed.saved_id}: renamed to {renamed.name}.")


@app.command()
def delete(saved: SavedArgument) -> None:
    """Delete a saved comparison; its runs remain. `restore` restores it."""
    from core.store.saved_comparison import delete_saved, find_saved_id

    home = Home.default()
    saved_id = find_saved_id(home, saved)
    delete_saved(home, saved_id)
    typer.echo(f"saved:{saved_id}: deleted. To restore it, run: headroom comparisons restore {saved_id}")


@app.command()
def restore(saved: SavedArgument) -> None:
    """Restore a deleted comparison."""
    from core.store.saved_comparison import find_saved_id, restore_saved

    home = Home.default()
    saved_id = find_saved_id(home, saved, deleted=True)
    restore_saved(home, saved_id)
    typer.echo(f"saved:{saved_id}: restored.")
