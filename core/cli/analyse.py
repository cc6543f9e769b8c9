"""`analyse`: the displays of the evidence, on a terminal or as JSON."""

from typing import Annotated

import typer

from core.cli.output import JsonFlag, print_json, print_table
from core.displays.comparison_json import build_evidence, list_evidence
from core.displays.json_values import to_rows
from core.home import Home

_WORDS = ("Head", "Heads", "Of", "By", "Verdict", "What would settle it", "Check", "Severity", "Result", "Only",
          "Setting", "Value", "On the front", "Run", "What was found", "Who is right", "Guesses that are",
          "Temperature", "More than chance", "Images", "Corruption", "True class", "Class and probability",
          "What the map says")  # fmt: skip


def analyse(
    run_ids: Annotated[
        list[str], typer.Argument(metavar="RUN_ID...", help="The ids of finished runs, or how they begin.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Say what a comparison shows and how sure it is: intervals, tests, checks, disagreements, calibration, speed, and
    what cost and knobs do to accuracy in all runs that were tested on the same images."""
    from core.displays.headline import write_headline
    from core.store.comparison import Comparison
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    comparison = Comparison.of([store.find(beginning) for beginning in run_ids])
    if as_json:
        print_json({"headline": write_headline(comparison), **list_evidence(comparison, store.frame())})
        return
    typer.echo(f"{write_headline(comparison)}\n")
    for display in build_evidence(comparison, store.frame()):
        rows = [{key: str(value) for key, value in row.items()} for row in to_rows(display.table())]
        print_table(rows, numbers=_numbers(rows), title=display.title)
        typer.echo(f"{display.describe()}\n")


def _numbers(rows: list[dict[str, str]]) -> list[str]:
    """The columns of figures; the first one names the row."""
    return [name for name in (*rows[0],)[1:] if name not in _WORDS] if rows else []
