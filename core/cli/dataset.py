"""`datasets`: which are here, fetching those that are not, adding images of one's own."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.output import JsonFlag, format_known, print_json, print_message, print_table
from core.home import Home
from core.spec import DATASETS

if TYPE_CHECKING:
    from core.datasets.cache import DatasetInfo, DatasetStatus

app = typer.Typer(invoke_without_command=True)


@app.callback()
def datasets(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the datasets: which are here, where they come from, and how to get those that are not."""
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
        "Here": "damaged" if status.problem else "yes" if status.available else "no",
        "Training": format_known(status.train_count, format_count),
        "Test": format_known(status.test_count, format_count),
        "Skipped": format_count(status.skipped) if status.available else "–",
        "Size": format_known(status.bytes, format_bytes),
        "Fingerprint": format_known(status.fingerprint),
        "Official": format_known(status.official, lambda official: "yes" if official else "no"),
        "Licence": status.licence,
        "From": status.source,
        "How to get it": status.how,
    }


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the dataset, as `datasets` lists it.")],
    again: Annotated[bool, typer.Option("--again", help="Make it anew even if it is here and sound.")] = False,
) -> None:
    """Fetch a dataset, or repair a damaged one; what is here and sound stays as it is."""
    label = DATASETS[name].label
    from core.cli.progress import watch_download
    from core.datasets.cache import fetch_dataset

    with watch_download(label) as follow:
        info = fetch_dataset(Home.default(), name, force=again, progress=follow).info
    typer.echo(f"{_describe(info)}, {'the official data' if info.official else 'not the official data'}.")


@app.command()
def add(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="celeba, or a name of your own for a folder with a sub-folder a class."),
    ],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder, or a zip archive of one.")],
    side: Annotated[
        int | None, typer.Option(help="Side of the squares that images of a folder are kept as, in pixels; else 256.")
    ] = None,
    discard: Annotated[
        bool, typer.Option("--discard", help="Remove the archive afterwards, whatever comes of it.", hidden=True)
    ] = False,
) -> None:
    """Add images of your own, or CelebA; they are read once, and the path is not needed afterwards."""
    from core.cli.progress import watch_adding
    from core.datasets.add import add_dataset

    home = Home.default()
    try:
        with watch_adding(name) as follow:
            added = add_dataset(home, name, path, side=side, progress=follow)
    finally:
        if discard:
            path.unlink(missing_ok=True)
    info = added.info
    parts = [f"{_describe(info)}, {len(info.attributes) or len(info.classes)} "]
    parts.append("attributes" if info.attributes else "classes")
    typer.echo("".join(parts) + (f"; {info.note}." if info.note else "."))
    if info.skipped:
        what = "1 file was" if info.skipped == 1 else f"{info.skipped:,} files were"
        print_message(f"{what} left out; {added.path / 'skipped.txt'} says why.")


@app.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name under which it was added.")],
) -> None:
    """Remove a dataset that was added, unless a job waits for it or trains on it."""
    from core.datasets.add import remove_dataset
    from core.datasets.cache import open_dataset
    from core.datasets.dataset_key import key_of_name, label_of, split_key
    from core.errors import DatasetError
    from core.jobs.queue import JobQueue

    home = Home.default()
    key = key_of_name(name)
    users = [job.run_id for job in JobQueue(home).unfinished() if _uses(job.spec_json, *split_key(key))]
    if users:
        jobs = "job" if len(users) == 1 else "jobs"
        raise DatasetError(
            f"Expected {label_of(key)} to be at rest; got {len(users)} unfinished {jobs}: "
            f"python -m core jobs cancel {users[0]}"
        )
    try:
        said = f"{_describe(open_dataset(home, *split_key(key)).info, 'was here')}; it is removed."
    except DatasetError:
        said = f"{label_of(key)} was damaged; it is removed."
    remove_dataset(home, name)
    typer.echo(said)


def _describe(info: "DatasetInfo", state: str = "is here") -> str:
    from core.displays.number import format_bytes, format_count

    return (
        f"{info.label} {state}: {format_count(info.train_count)} training and {format_count(info.test_count)} test "
        f"images, {format_bytes(info.bytes)}, fingerprint {info.fingerprint}"
    )


def _uses(spec_json: str, dataset: str, folder: str) -> bool:
    """From the text, so that a job of another version counts too."""
    spec = json.loads(spec_json)
    return (spec.get("dataset"), spec.get("folder", "")) == (dataset, folder)
