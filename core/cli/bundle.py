"""`bundle`: export finished runs to a file and import them from one."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from core.cli.added_runs import print_imported
from core.cli.comparison import ComparisonArgument, find_exported_runs
from core.cli.output import print_message
from core.home import Home

app = typer.Typer(no_args_is_help=True, help="Export finished runs to one file, or import runs from such a file.")


@app.command("export")
def export(
    run_ids: ComparisonArgument,
    path: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    models: Annotated[bool, typer.Option(help="Include the trained models.")] = True,
    pictures: Annotated[bool, typer.Option(help="Include thumbnails of the test images.")] = True,
    notes: Annotated[bool, typer.Option(help="Include the names, tags and texts of notes.")] = True,
    report: Annotated[
        list[str] | None, typer.Option(metavar="REPORT", help="Include a saved report; can be repeated.")
    ] = None,
) -> None:
    """Export finished runs to one file, with thumbnails of the test images and checksums of all files."""
    from core.displays.number import format_bytes
    from core.plural import format_plural
    from core.reports.report_bundle import list_report_files
    from core.store.bundle import export_bundle
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    ids = find_exported_runs(store, run_ids)
    reports = list_report_files(store.home, report or [])
    packed = export_bundle(store, ids, path, models=models, pictures=pictures, notes=notes, reports=reports)
    for message in packed.left_out:
        print_message(message)
    typer.echo(f"{path}: {format_plural(len(set(ids)), 'run')}, {format_bytes(packed.bytes)}.")


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Bundle written by `headroom bundle export`.")],
    models: Annotated[
        bool, typer.Option("--models", help="Import the trained models too. Only for bundles from a source you trust.")
    ] = False,
    reports: Annotated[
        bool, typer.Option("--reports", help="Import the reports too. Only for bundles from a source you trust.")
    ] = False,
) -> None:
    """Validate a bundle, import its runs and notes, and print the IDs. If validation fails, nothing is imported."""
    from core.reports.report_bundle import prepare_reports
    from core.store.bundle_import import import_bundle

    home = Home.default()
    found = import_bundle(
        home, path, models=models, prepare_reports=partial(prepare_reports, home) if reports else None
    )
    print_imported(home, found)
    for report_id in found.reports:
        print_message(f"{report_id}: imported as a draft of a report.")
        typer.echo(report_id)
