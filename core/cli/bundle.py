"""`bundle`: finished runs in one file, for another Headroom."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli.output import print_message
from core.home import Home

app = typer.Typer(no_args_is_help=True, help="Put finished runs into one file, or bring them here from one.")


@app.command("export")
def export(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN_ID...", help="Ids of runs, or how they begin.")],
    path: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")],
    models: Annotated[bool, typer.Option(help="With the trained models.")] = True,
    pictures: Annotated[bool, typer.Option(help="With small pictures of the test images.")] = True,
) -> None:
    """Write finished runs into one file, with the pictures that pages show, and checksums over all."""
    from core.displays.number import format_bytes, format_plural
    from core.store.bundle import export_bundle
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    ids = [store.find(run_id).run_id for run_id in run_ids]
    packed = export_bundle(store, ids, path, models=models, pictures=pictures)
    for sentence in packed.left_out:
        print_message(sentence)
    typer.echo(f"{path}: {format_plural(len(set(ids)), 'run')}, {format_bytes(packed.bytes)}.")


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A bundle that `bundle export` wrote.")],
    models: Annotated[
        bool, typer.Option("--models", help="With the trained models. Use it for files of people you trust.")
    ] = False,
) -> None:
    """Check a bundle, bring its runs here, and print their ids; a file that cannot be trusted changes nothing."""
    from core.store.bundle_import import import_bundle

    found = import_bundle(Home.default(), path, models=models)
    for run_id in found.existing:
        other = " with other results, which stay" if run_id in found.differing else ""
        print_message(f"{run_id}: here already{other}.")
    for run_id in found.imported:
        typer.echo(run_id)
