"""The displays of the evidence on a terminal and as JSON: what `analyse` prints, and `compare --json` carries."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.output import JsonFlag, list_records, print_json, print_table
from core.home import Home

if TYPE_CHECKING:
    from core.store.comparison import Comparison

EVIDENCE = (
    "intervals", "difference", "significance", "checks", "disagreement", "class_accuracy", "confusions", "calibration",
    "reliability", "confidence", "convergence", "robustness_loss", "robustness",
)  # fmt: skip
_WORDS = ("Head", "Heads", "Of", "By", "Verdict", "What would settle it", "Check", "Severity", "Result", "Only",
          "What was found", "Who is right", "Guesses that are", "Temperature", "More than chance", "Images",
          "Stress")  # fmt: skip


def analyse(
    run_ids: Annotated[
        list[str], typer.Argument(metavar="RUN_ID...", help="The ids of finished runs, or how they begin.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Say what a comparison shows and how sure it is: intervals, tests, checks, disagreements, calibration, speed."""
    from core.displays.display import DISPLAYS
    from core.displays.headline import write_headline
    from core.store.comparison import Comparison
    from core.store.runs import RunStore

    store = RunStore(Home.default())
    comparison = Comparison.of([store.find(beginning) for beginning in run_ids])
    if as_json:
        print_json({"headline": write_headline(comparison), **list_evidence(comparison)})
        return
    typer.echo(f"{write_headline(comparison)}\n")
    for name in EVIDENCE:
        display = DISPLAYS[name](comparison)
        rows = [{key: str(value) for key, value in row.items()} for row in list_records(display.table())]
        print_table(rows, numbers=_numbers(rows), title=display.title)
        typer.echo(f"{display.describe()}\n")


def list_evidence(comparison: "Comparison") -> dict[str, Any]:
    """The frame of every display of the evidence, by its name: a list of rows, shares of 1 and seconds."""
    from core.displays.display import DISPLAYS

    return {name: list_records(DISPLAYS[name](comparison).frame()) for name in EVIDENCE}


def _numbers(rows: list[dict[str, str]]) -> list[str]:
    """The columns of figures; the first one names the row."""
    return [name for name in (*rows[0],)[1:] if name not in _WORDS] if rows else []
