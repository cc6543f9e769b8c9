"""`datasets`: list and download datasets, and add custom images."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.dataset_check import check
from core.cli.output import JsonFlag, format_known, print_json, print_message, print_table
from core.home import Home
from core.memory_limit import limit_memory
from core.spec import DATASETS

if TYPE_CHECKING:
    from core.datasets.cache import DatasetInfo, DatasetStatus
    from core.datasets.report import DatasetReport

_MOST_ROWS = 20
_SPLITS = ("Training", "Validation", "Test")

app = typer.Typer(invoke_without_command=True)
app.command()(check)


@app.callback()
def datasets(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List, download, add and remove datasets."""
    from core.datasets.cache import list_datasets

    if context.invoked_subcommand is not None:
        return
    statuses = list_datasets(Home.default())
    if as_json:
        print_json([asdict(status) for status in statuses])
        return
    print_table([_as_text(status) for status in statuses], numbers=(*_SPLITS, "Left out", "Size"))
    for status in statuses:
        if status.problem:
            print_message(status.problem)
        if status.note:
            print_message(f"{status.label}: {status.note}.")


def _as_text(status: "DatasetStatus") -> dict[str, str]:
    from core.datasets.split import count_splits
    from core.displays.number import format_bytes, format_count

    counts = [format_known(None)] * 3
    if status.available:
        split = count_splits(status.train_count or 0, status.validation_count, status.test_count or 0)
        counts = [*map(format_count, split.values())]
    return {
        "Dataset": f"{status.name} {status.folder}".rstrip(),
        "Available": "damaged" if status.problem else "yes" if status.available else "no",
        **dict(zip(_SPLITS, counts, strict=True)),
        "Left out": format_count(status.skipped) if status.available else "–",
        "Size": format_known(status.bytes, format_bytes),
        "Fingerprint": format_known(status.fingerprint),
        "Official": "–" if status.folder else format_known(status.official, lambda one: "yes" if one else "no"),
        "Licence": status.licence,
        "Source": status.source,
        "Command": status.next_step,
    }


@app.command()
@app.command("fetch", hidden=True)  # alias: the name before it was renamed
def download(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the dataset; `headroom datasets` lists them.")],
    force: Annotated[bool, typer.Option("--force", help="Rebuild the dataset even if a valid copy exists.")] = False,
    force_alias: Annotated[bool, typer.Option("--again", help="Alias of --force.", hidden=True)] = False,
) -> None:
    """Download a dataset, or repair a damaged one. A valid copy is kept."""
    label = DATASETS[name].label
    from core.cli.dataset_progress import watch_download
    from core.datasets.cache import fetch_dataset
    from core.datasets.findings.findings_file import check_dataset

    with watch_download(label) as follow:
        info = fetch_dataset(Home.default(), name, force=force or force_alias, progress=follow).info
    check_dataset(Home.default(), name)
    size = DATASETS[name].describe_size(info.train_count, info.test_count)
    typer.echo(f"{_describe(info)}, {'official data' if info.official else f'not the official data: {size}'}.")
    typer.echo(f"Licence: {info.licence}. Cite: {info.citation}")


@app.command()
def add(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="celeba, or a new name for a folder of images, with one sub-folder per class or a table of labels.",
        ),
    ],
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="Folder, ZIP or tar archive, Parquet files of Hugging Face, or the https address of an archive.",
        ),
    ],
    side: Annotated[
        int | None,
        typer.Option(help="Side length in pixels to which images of a folder are resized (square). Default: 256."),
    ] = None,
    fit: Annotated[
        str,
        typer.Option(
            help="How images of a folder that are not square become squares: crop (central square), pad (black "
            "borders) or stretch.",
        ),
    ] = "crop",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the images and print the summary, but add nothing.")
    ] = False,
    as_json: JsonFlag = False,
    origin: Annotated[str, typer.Option(help="Name to store as the source.", hidden=True)] = "",
    discard: Annotated[
        bool, typer.Option("--discard", help="Delete the archive afterwards, also on failure.", hidden=True)
    ] = False,
    public_only: Annotated[
        bool, typer.Option("--public-only", help="Refuse addresses in private networks.", hidden=True)
    ] = False,
) -> None:
    """Add custom images, or CelebA, and print what was found. The images are copied; PATH is not needed afterwards.

    Ctrl-C stops it; the same command continues where it stopped.
    """
    from core.augment.fit import read_fit
    from core.cli.dataset_progress import watch_adding
    from core.datasets.custom.add import add_dataset, preview_dataset
    from core.datasets.custom.file_identity import list_equal
    from core.datasets.dataset_key import key_of_name, remove_command, split_key
    from core.datasets.report import read_report

    limit_memory()
    home, info, report = Home.default(), None, None
    try:
        with _open_path(home, name, path, public_only) as (found, source), watch_adding(name) as follow:
            if dry_run:
                report = preview_dataset(home, name, found, side=side, fit=read_fit(fit), progress=follow)
            else:
                added = add_dataset(
                    home, name, found, side=side, fit=read_fit(fit), source=source, origin=origin, progress=follow
                )
                info, report = added.info, read_report(added.path)
    except KeyboardInterrupt:
        if not dry_run:
            print_message(f"Interrupted. Repeat the command to continue, or discard it: {remove_command(name)}")
        raise
    except Exception:
        _discard(path, discard)
        raise
    _discard(path, discard)
    assert report
    if info is not None and (equal := list_equal(home, info)):
        print_message(f"The images and labels are the same as in {', '.join(equal)}.")
    if as_json:
        print_json(report.model_dump(mode="json"))
        return
    if info is not None:
        parts = [f"{_describe(info)}, {len(info.attributes) or len(info.classes)} "]
        parts.append("attributes" if info.attributes else "classes")
        typer.echo("".join(parts) + (f"; {info.note}." if info.note else "."))
    _print_report(report, "attribute" if "attribute" in DATASETS[split_key(key_of_name(name))[0]].uses else "class")
    if dry_run:
        print_message("Nothing was added, because of --dry-run.")
    elif report.skipped:
        print_message(f"Reasons of all files left out: {added.path / 'skipped.txt'}")
    if info is not None and not info.attributes:
        print_message(f"Train on them: headroom train --dataset {name}")


def _discard(path: str, wanted: bool) -> None:
    if wanted:
        Path(path).unlink(missing_ok=True)


@contextmanager
def _open_path(home: Home, name: str, path: str, public_only: bool) -> Iterator[tuple[Path, str]]:
    """Yield a path and its source; archives at an address are downloaded first."""
    from core.cli.dataset_progress import watch_download
    from core.datasets.custom.web_archive import describe_origin, download_archive, is_url

    if not is_url(path):
        yield Path(path), ""
        return
    with ExitStack() as stack:
        with watch_download(name) as follow:
            download = download_archive(home, name, path, public_only=public_only, progress=follow)
            found = stack.enter_context(download)
        yield found, describe_origin(path)


def _print_report(report: "DatasetReport", noun: str) -> None:
    from core.displays.dataset_summary import describe_report, list_class_rows

    print_table(list_class_rows(report, noun), numbers=(*_SPLITS, "Total"))
    for line in describe_report(report):
        typer.echo(line)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of an available dataset.")],
    view: Annotated[
        str, typer.Option(help="Print the table of one view, such as class_counts, pixel_range or left_out.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Show the classes, findings and files left out of a dataset, as on the Data page."""
    from core.datasets.dataset_key import FOLDER, key_of_name
    from core.datasets.inspect import inspect_dataset
    from core.displays.data_display import DATA_DISPLAYS
    from core.displays.data_headline import write_data_headline
    from core.displays.json_values import to_rows

    data = inspect_dataset(Home.default(), name if name in DATASETS and name != FOLDER else key_of_name(name))
    if as_json:
        print_json(to_rows(DATA_DISPLAYS[view](data).frame()) if view else data.report.model_dump(mode="json"))
        return
    if not view:
        typer.echo(write_data_headline(data))
    for one in [view] if view else ["class_counts", "data_findings", "left_out"]:
        display = DATA_DISPLAYS[one](data)
        rows = [{name: str(value) for name, value in row.items()} for row in to_rows(display.table())]
        if rows or view:
            numbers = [*rows[0]][1:] if one == "class_counts" else ()
            print_table(rows[: None if view else _MOST_ROWS], numbers=numbers, title=display.title)
            typer.echo(display.describe())


@app.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name that the dataset was added under.")],
) -> None:
    """Move an added dataset to the trash, or discard an interrupted import, unless an unfinished job uses it.

    Undo with `headroom datasets restore NAME`.
    """
    from core.datasets.cache import open_dataset
    from core.datasets.custom.removed import list_removed, remove_dataset
    from core.datasets.dataset_key import key_of_name, label_of, split_key
    from core.errors import DatasetError
    from core.jobs.dataset_use import check_unused

    home = Home.default()
    key = key_of_name(name)
    check_unused(home, key)
    try:
        message = f"Removed {_describe(open_dataset(home, *split_key(key)).info)}."
    except DatasetError:
        message = f"Removed {label_of(key)}, which was damaged."
    remove_dataset(home, key)
    typer.echo(message)
    if key in list_removed(home):
        print_message(f"Restore it with: headroom datasets restore {name}")


@app.command()
def restore(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the removed dataset. By default, the trash is listed.")
    ] = "",
) -> None:
    """Restore a removed dataset, or list the datasets in the trash."""
    from core.datasets.cache import open_dataset
    from core.datasets.custom.removed import list_removed, restore_removed
    from core.datasets.dataset_key import key_of_name, split_key

    home = Home.default()
    if not name:
        for key in list_removed(home):
            typer.echo(split_key(key)[1] or key)
        return
    key = key_of_name(name)
    restore_removed(home, key)
    typer.echo(f"Restored {_describe(open_dataset(home, *split_key(key)).info)}.")


@app.command("clear-trash")
def clear_trash() -> None:
    """Delete all removed datasets permanently."""
    from core.datasets.custom.removed import clear_removed, list_removed

    home = Home.default()
    count = len(list_removed(home))
    clear_removed(home)
    typer.echo(f"Deleted {count} removed {'dataset' if count == 1 else 'datasets'} permanently.")


def _describe(info: "DatasetInfo") -> str:
    from core.displays.dataset_summary import write_image_counts
    from core.displays.number import format_bytes

    return f"{info.label}: {write_image_counts(info)}, {format_bytes(info.bytes)}, fingerprint {info.fingerprint}"
