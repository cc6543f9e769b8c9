"""The `headroom` application: registers the commands and turns errors into one line and an exit code."""

import re
import sys
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from typer.core import TyperGroup
from typer.exceptions import TyperException

from core.cli import bundle, dataset, export, job, model, report, report_comment, run, saved_comparison
from core.cli.advise import advise
from core.cli.analyse import analyse
from core.cli.compare import compare
from core.cli.doctor import doctor
from core.cli.import_run import import_run
from core.cli.output import print_message
from core.cli.recipe import params, recipes
from core.cli.run import show
from core.cli.serve import serve
from core.cli.sweep import sweep
from core.cli.token import token
from core.cli.train import train
from core.errors import HeadroomError
from core.spec import SETTINGS


class OneLineErrors(TyperGroup):
    """Command group that prints errors as one line; exit code 1 for failures, 2 for usage errors."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # print "?" for characters such as ± that the terminal lacks
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except TyperException as error:
            code = _fail(_describe_usage_error(error), error.exit_code)
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


def _describe_usage_error(error: TyperException) -> str:
    """Return the message of a usage error; invalid option values are reported in the form that RunSpec uses."""
    cause, option = error.__cause__, getattr(error, "param", None)
    if not isinstance(cause, ValidationError) or option is None:
        own = re.match("(Expected|Give) ", error.message)  # raised by Headroom: no "Invalid value:" prefix
        message = error.message if own else error.format_message()
        return message if message.endswith((".", "?")) else f"{message}."
    first = cause.errors()[0]
    kind = "a number" if first["type"].startswith("float") else "an integer"
    bounds = ""
    if option.name in SETTINGS:
        bounds = f" {SETTINGS[option.name].bounds}"
    elif getattr(option, "max", None) is not None:
        bounds = f" between {option.min} and {option.max}"
    got = f"{first['input']!r:.60}" if "parsing" in first["type"] else f"{first['input']!s:.60}"
    return f"Expected {option.name} to be {kind}{bounds}; got {got}."


def _fail(message: str, code: int) -> int:
    print_message(" ".join(message.split()))
    return code


app = typer.Typer(
    cls=OneLineErrors,
    add_completion=False,
    invoke_without_command=True,
    help="Train one ConvNet backbone with different classifier heads and compare the results.",
)


@app.callback()
def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for _command in (recipes, params, train, sweep, advise, show, compare, analyse, token, serve, doctor):
    app.command()(_command)
app.command("import")(import_run)
app.add_typer(run.app, name="runs")
app.add_typer(saved_comparison.app, name="comparisons")
app.add_typer(bundle.app, name="bundle")
for _name in ("comments", "comment", "resolve", "history", "diff"):
    report.app.command()(getattr(report_comment, _name))
app.add_typer(report.app, name="report")
app.add_typer(export.app, name="export")
app.add_typer(dataset.app, name="datasets")
app.add_typer(model.app, name="models")
app.add_typer(job.app, name="jobs")
