"""`datasets`: which are here, and fetching those that are not."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.output import JsonFlag, format_known, print_json, print_table, say
from core.home import Home
from core.spec import DATASETS

if TYPE_CHECKING:
    from core.datasets.cache import DatasetStatus

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
    print_table([_as_text(status) for status in statuses], numbers=("Training", "Test", "Size"))
    for status in statuses:
        if status.problem:
            say(status.problem)


def _as_text(status: "DatasetStatus") -> dict[str, str]:
    from core.displays.number import format_bytes, format_count

    return {
        "Dataset": status.name,
        "Here": "damaged" if status.problem else "yes" if status.here else "no",
        "Training": format_known(status.train_count, format_count),
        "Test": format_known(status.test_count, format_count),
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
    from core.cli.progress import show_download
    from core.datasets.cache import fetch_dataset
    from core.displays.number import format_bytes, format_count

    with show_download(label) as follow:
        info = fetch_dataset(Home.default(), name, again=again, progress=follow).info
    typer.echo(
        f"{label} is here: {format_count(info.train_count)} training and {format_count(info.test_count)} test images, "
        f"{format_bytes(info.bytes)}, fingerprint {info.fingerprint}, "
        f"{'the official data' if info.official else 'not the official data'}."
    )
