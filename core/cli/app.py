"""The application: its commands, and the one place where an error becomes one line and an exit code."""

import sys
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from typer.core import TyperGroup
from typer.exceptions import TyperException

from core.cli import bundle, dataset, export, job, report, run
from core.cli.analyse import analyse
from core.cli.compare import compare
from core.cli.doctor import doctor
from core.cli.output import print_message
from core.cli.recipe import params, recipes
from core.cli.run import show
from core.cli.sweep import sweep
from core.cli.token import token
from core.cli.train import train
from core.errors import HeadroomError
from core.spec import SETTINGS


class OneLine(TyperGroup):
    """Exit code 1 and one sentence for what went wrong, 2 for a command that was not understood."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal that knows no «±» shows «?», not an error
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except TyperException as error:
            code = _fail(_explain(error), error.exit_code)
        except HeadroomError as error:
            code = _fail(str(error), 1)
        except ImportError as error:
            code = _fail(f"Expected all of requirements.txt to be installed; got: {error}: python -m core doctor", 1)
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            what = f"{type(error).__name__}: {error}"
            code = _fail(f"Expected the command to end well; got {what:.300}; python -X dev shows where.", 1)
        sys.exit(code or 0)


def _explain(error: TyperException) -> str:
    """A value that does not fit its option is told as RunSpec tells it; for the rest Typer has a sentence."""
    cause, option = error.__cause__, getattr(error, "param", None)
    if not isinstance(cause, ValidationError) or option is None:
        message = error.message if error.message.startswith("Expected") else error.format_message()
        return message if message.endswith((".", "?")) else f"{message}."
    first = cause.errors()[0]
    kind = "a number" if first["type"].startswith("float") else "a whole number"
    bounds = ""
    if option.name in SETTINGS:
        bounds = f" {SETTINGS[option.name].bounds}"
    elif getattr(option, "max", None) is not None:
        bounds = f" between {option.min} and {option.max}"
    got = f"{first['input']!r:.60}" if "parsing" in first["type"] else f"{first['input']!s:.60}"
    return f"Expected {option.name} to be {kind}{bounds}; got {got}."


def _fail(sentence: str, code: int) -> int:
    print_message(" ".join(sentence.split()))
    return code


app = typer.Typer(
    cls=OneLine,
    add_completion=False,
    invoke_without_command=True,
    help="How much head does your ConvNet need? Trains one backbone under different heads and compares them.",
)


@app.callback()
def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for _command in (recipes, params, train, sweep, show, compare, analyse, token, doctor):
    app.command()(_command)
app.add_typer(run.app, name="runs")
app.add_typer(bundle.app, name="bundle")
app.add_typer(report.app, name="report")
app.add_typer(export.app, name="export")
app.add_typer(dataset.app, name="datasets")
app.add_typer(job.app, name="jobs")
