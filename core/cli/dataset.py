"""`datasets`: list and download datasets, and add custom images."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.output import JsonFlag, format_known, print_json, print_message, print_table
from core.home import Home
from core.memory_limit import limit_memory
from core.spec import DATASETS

if TYPE_CHECKING:
    from core.datasets.cache import DatasetInfo, DatasetStatus

app = typer.Typer(invoke_without_command=True)


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
    print_table([_as_text(status) for status in statuses], numbers=("Training", "Test", "Skipped", "Size"))
    for status in statuses:
        if status.problem:
            print_message(status.problem)
        if status.note:
            print_message(f"{status.label}: {status.note}.")


def _as_text(status: "DatasetStatus") -> dict[str, str]:
    from core.displays.number import format_bytes, format_count

    return {
        "Dataset": f"{status.name} {status.folder}".rstrip(),
        "Available": "damaged" if status.problem else "yes" if status.available else "no",
        "Training": format_known(status.train_count, format_count),
        "Test": format_known(status.test_count, format_count),
        "Skipped": format_count(status.skipped) if status.available else "–",
        "Size": format_known(status.bytes, format_bytes),
        "Fingerprint": format_known(status.fingerprint),
        "Official": format_known(status.official, lambda official: "yes" if official else "no"),
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
    from core.cli.progress import watch_download
    from core.datasets.cache import fetch_dataset

    with watch_download(label) as follow:
        info = fetch_dataset(Home.default(), name, force=force or force_alias, progress=follow).info
    typer.echo(f"{_describe(info)}, {'official data' if info.official else 'not the official data'}.")


@app.command()
def add(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="celeba, or a new name for a folder of images with one sub-folder per class.",
        ),
    ],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder or ZIP archive.")],
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
    discard: Annotated[
        bool, typer.Option("--discard", help="Delete the archive afterwards, also on failure.", hidden=True)
    ] = False,
) -> None:
    """Add custom images, or CelebA. The images are copied; PATH is not needed afterwards.

    Ctrl-C stops it; the same command continues where it stopped.
    """
    from core.augment.prepare import read_fit
    from core.cli.progress import watch_adding
    from core.datasets.add import add_dataset
    from core.datasets.dataset_key import remove_command

    limit_memory()
    home = Home.default()
    try:
        with watch_adding(name) as follow:
            added = add_dataset(home, name, path, side=side, fit=read_fit(fit), progress=follow)
    except KeyboardInterrupt:
        print_message(f"Interrupted. Repeat the command to continue, or discard it: {remove_command(name)}")
        raise
    except Exception:
        _discard(path, discard)
        raise
    _discard(path, discard)
    info = added.info
    parts = [f"{_describe(info)}, {len(info.attributes) or len(info.classes)} "]
    parts.append("attributes" if info.attributes else "classes")
    typer.echo("".join(parts) + (f"; {info.note}." if info.note else "."))
    if info.skipped:
        files = "1 file was" if info.skipped == 1 else f"{info.skipped:,} files were"
        print_message(f"{files} skipped; see {added.path / 'skipped.txt'} for the reasons.")


def _discard(path: Path, wanted: bool) -> None:
    if wanted:
        path.unlink(missing_ok=True)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name that the dataset was added under.")],
) -> None:
    """Remove an added dataset, unless a queued or running job uses it."""
    from core.datasets.add import remove_dataset
    from core.datasets.cache import open_dataset
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
    remove_dataset(home, name)
    typer.echo(message)


def _describe(info: "DatasetInfo") -> str:
    from core.displays.number import format_bytes, format_count

    return (
        f"{info.label}: {format_count(info.train_count)} training images, {format_count(info.test_count)} test "
        f"images, {format_bytes(info.bytes)}, fingerprint {info.fingerprint}"
    )
