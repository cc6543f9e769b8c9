"""The displays of the evidence on a terminal and as JSON: what `analyse` prints, and `compare --json` carries."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.output import JsonFlag, list_records, print_json, print_table
from core.home import Home

if TYPE_CHECKING:
    from core.displays.display import Display
    from core.store.comparison import Comparison

EVIDENCE = (
    "intervals", "difference", "significance", "checks", "disagreement", "class_accuracy", "confusions", "activation",
    "calibration", "reliability", "confidence", "convergence", "robustness_loss", "robustness", "cost", "front",
    "pareto", "knob_curve", "parallel",
)  # fmt: skip
_WORDS = ("Head", "Heads", "Of", "By", "Verdict", "What would settle it", "Check", "Severity", "Result", "Only",
          "Setting", "Value", "On the front", "Run", "What was found", "Who is right", "Guesses that are",
          "Temperature", "More than chance", "Images", "Stress", "True class", "Class and probability",
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
    from core.store.runs import RunStore

    store = RunStore(Home.default())
    comparison = Comparison.of([store.find(beginning) for beginning in run_ids])
    if as_json:
        print_json({"headline": write_headline(comparison), **list_evidence(comparison)})
        return
    typer.echo(f"{write_headline(comparison)}\n")
    for display in _build(comparison):
        rows = [{key: str(value) for key, value in row.items()} for row in list_records(display.table())]
        print_table(rows, numbers=_numbers(rows), title=display.title)
        typer.echo(f"{display.describe()}\n")


def list_evidence(comparison: "Comparison") -> dict[str, Any]:
    """The frame of every display of the evidence, by its name: a list of rows, shares of 1 and seconds."""
    return {display.name: list_records(display.frame()) for display in _build(comparison)}


def _build(comparison: "Comparison") -> "list[Display]":
    """The displays of the evidence; those that set a run among all on the same images get these too."""
    from core.displays.display import DISPLAYS
    from core.store.peers import Peers
    from core.store.runs import RunStore

    peers = Peers.within(comparison, RunStore(Home.default()).frame())
    among = {"peers": peers}
    kinds = [DISPLAYS[name] for name in EVIDENCE]
    return [kind(comparison, **(among if "peers" in kind.__dataclass_fields__ else {})) for kind in kinds]


def _numbers(rows: list[dict[str, str]]) -> list[str]:
    """The columns of figures; the first one names the row."""
    return [name for name in (*rows[0],)[1:] if name not in _WORDS] if rows else []
