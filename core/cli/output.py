"""Output of commands: results on standard output, as tables or JSON, and messages on standard error."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.displays.json_values import make_plain
from core.errors import AccessError, HomeError
from core.home import Home

if TYPE_CHECKING:
    from rich.console import Console

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
_PIPE_WIDTH = 1000  # characters


def print_message(message: str) -> None:
    """Print a line to standard error, so that it is not part of piped output."""
    typer.echo(message, err=True)


def print_awaited(home: Home) -> None:
    """Print how many finished runs wait for results that follow their publication, if any."""
    from core.jobs.evidence_work import list_requested
    from core.plural import format_plural

    if waiting := len(list_requested(home)):
        print_message(
            f"The latency of 32 images and, unless a model is too large, robustness follow in the background for "
            f"{format_plural(waiting, 'run')}."
        )


def print_comparison(texts: Sequence[str], key: str) -> None:
    """Print the command that compares runs, and the link to them if the public address of the dashboard is known.

    Args:
        texts: IDs of the runs or of the comparison, for the command.
        key: ID of the comparison, for the link.
    """
    from core.access.deployment import Deployment

    print_message(f"See the results: headroom compare {' '.join(texts)}")
    with suppress(AccessError):  # an invalid address; commands that need it report it
        if (deployment := Deployment.read()).url:
            print_message(f"In the dashboard: {deployment.write_link('', 'compare', compare=key)}")


def print_side_file_problems(home: Home) -> None:
    """Print why the notes or the job table cannot be read, if so."""
    from core.jobs.queue import JobQueue
    from core.store.note import NoteBook

    for read in (NoteBook(home).read_all, JobQueue(home).jobs):
        try:
            read()
        except HomeError as error:
            print_message(str(error))


def print_json(value: Any) -> None:
    """Print a value as JSON; missing and non-finite numbers become null."""
    typer.echo(json.dumps(make_plain(value), indent=1, allow_nan=False))


def print_table(rows: Sequence[Mapping[str, str]], *, numbers: Sequence[str] = (), title: str = "") -> None:
    """Print a table whose header is the keys of the first row. `numbers` lists the right-aligned columns."""
    from rich import box
    from rich.table import Table

    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(rows[0]):
        table.add_column(name, justify="right" if name in numbers else "left", no_wrap=not number, overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    console = open_console()
    if title:
        console.print(title, style="bold")
    console.print(table)


def print_pairs(pairs: Mapping[str, str]) -> None:
    """Print one line per pair, with the values aligned."""
    width = max(map(len, pairs))
    for name, value in pairs.items():
        typer.echo(f"{name:<{width}}  {value}".rstrip())


def open_console(*, stderr: bool = False) -> "Console":
    """Open a console as wide as the terminal; lines in pipes and files are not wrapped."""
    from rich.console import Console

    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def format_dataset(row: Mapping[str, Any]) -> str:
    """Format the dataset of a run as commands name it; a run from elsewhere may have none."""
    return row["folder"] or (format_known(None) if row["dataset"] in (None, "folder") else row["dataset"])


def format_known(value: Any, form: Callable[[Any], str] = str) -> str:
    """Format a value; None becomes "–"."""
    return "–" if value is None else form(value)
