"""The `headroom` application: registers the commands and turns errors into one line and an exit code."""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from core.cli.output import print_message
from core.cli.usage_error import describe_usage_error
from core.errors import HeadroomError

_COMMANDS = {
    "recipes": "recipe:recipes", "params": "recipe:params", "train": "train:train", "sweep": "sweep:sweep",
    "advise": "advise:advise", "show": "show:show", "compare": "compare:compare", "analyse": "analyse:analyse",
    "token": "token:token", "serve": "serve:serve", "doctor": "doctor:doctor", "import": "import_run:import_run",
    "runs": "run:app", "comparisons": "saved_comparison:app", "bundle": "bundle:app", "report": "report:app",
    "export": "export:app", "datasets": "dataset:app", "models": "model:app", "jobs": "job:app",
}  # fmt: skip
"""Module and object of each command; a group of commands is a Typer application."""


class _Commands(Mapping[str, TyperCommand]):
    """The commands, each imported when it is first read: a command does not wait for the imports of the others."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            module, _, found = _COMMANDS[name].partition(":")
            entry = getattr(import_module(f".{module}", __package__), found)
            group = entry if isinstance(entry, typer.Typer) else typer.Typer(add_completion=False)
            if entry is not group:
                group.command(name)(entry)
            self._loaded[name] = get_command(group)
            self._loaded[name].name = name
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


COMMANDS = _Commands()


class OneLineErrors(TyperGroup):
    """Command group that prints errors as one line; exit code 1 for failures, 2 for usage errors."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # print "?" for characters such as ± that the terminal lacks
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except TyperException as error:
            code = _fail(describe_usage_error(error), error.exit_code)
        except HeadroomError as error:
            code = _fail(str(error), 1)
        except ImportError as error:
            code = _fail(f"A required package cannot be imported: {error}. Run: headroom doctor", 1)
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            details = f"{type(error).__name__}: {error}"
            code = _fail(f"Unexpected error: {details:.300}. For a traceback, run: python -X dev -m core …", 1)
        sys.exit(code or 0)


def _fail(message: str, code: int) -> int:
    print_message(" ".join(message.split()))
    return code


class _AllCommands(OneLineErrors):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**{**attributes, "commands": COMMANDS})


app = typer.Typer(
    cls=_AllCommands,
    add_completion=False,
    invoke_without_command=True,
    help="Train one ConvNet backbone with different classifier heads and compare the results.",
)


@app.callback()
def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
