"""What commands print: answers on standard output, as a table or as JSON, and all else on standard error."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.displays.json_values import make_plain

if TYPE_CHECKING:
    from rich.console import Console

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_WIDE = 1000


def print_message(sentence: str) -> None:
    """A line for the person at the terminal, which a pipe does not carry on."""
    typer.echo(sentence, err=True)


def print_json(value: Any) -> None:
    """What is not finite or missing becomes null."""
    typer.echo(json.dumps(make_plain(value), indent=1, allow_nan=False))


def print_table(rows: Sequence[Mapping[str, str]], *, numbers: Sequence[str] = (), title: str = "") -> None:
    """One line a row under the keys of the first row; the columns `numbers` are set flush right."""
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
    """A line each, the names in a column of their own."""
    width = max(map(len, pairs))
    for name, value in pairs.items():
        typer.echo(f"{name:<{width}}  {value}".rstrip())


def open_console(*, stderr: bool = False) -> "Console":
    """As wide as the terminal; a pipe or a file has no edge to break lines at."""
    from rich.console import Console

    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    return console


def format_known(value: Any, form: Callable[[Any], str] = str) -> str:
    """«–» for what is not known."""
    return "–" if value is None else form(value)
