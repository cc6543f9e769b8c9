"""`analyse`: print the evidence of a comparison as tables or JSON."""

from typing import Annotated

import typer

from core.cli.output import JsonFlag, print_json, print_table
from core.displays.comparison_json import build_evidence, list_evidence
from core.displays.json_values import to_rows
from core.home import Home

_NUMBER_STARTS = tuple("0123456789+-−±<≤")


def analyse(
    run_ids: Annotated[
        list[str], typer.Argument(metavar="RUN_ID...", help="IDs of finished runs, or unique prefixes of them.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Print the statistical evidence of a comparison.

    Includes confidence intervals, significance tests, fairness checks, agreement between heads, calibration,
    convergence and robustness, and the effect of cost and hyperparameters across all runs on the same test set.
    """
    from core.displays.caption import write_caption
    from core.displays.headline import write_headline
    from core.jobs.diverged import add_diverged
    from core.store.comparison import Comparison
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    comparison = add_diverged(store.home, Comparison.of([store.find(prefix) for prefix in run_ids]))
    if as_json:
        print_json({"headline": write_headline(comparison), **list_evidence(comparison, store.frame())})
        return
    typer.echo(f"{write_headline(comparison)}\n")
    for display in build_evidence(comparison, store.frame()):
        rows = [{key: str(value) for key, value in row.items()} for row in to_rows(display.table())]
        print_table(rows, numbers=_list_number_columns(rows), title=display.title)
        typer.echo(f"{write_caption(display)}\n")


def _list_number_columns(rows: list[dict[str, str]]) -> list[str]:
    """Return the columns that contain only numbers; the first column is the row header."""
    columns = (*rows[0],)[1:] if rows else ()
    return [name for name in columns if all(row[name].startswith(_NUMBER_STARTS) for row in rows if row[name])]
