"""`analyse`: print the evidence of a comparison as tables or JSON."""

import typer

from core.cli.comparison import BaselineOption, ComparisonArgument, MarginOption, load_comparison, read_margin_option
from core.cli.output import JsonFlag, print_json, print_table
from core.displays.comparison_json import build_evidence, list_evidence
from core.displays.json_values import to_rows
from core.home import Home

_NUMBER_STARTS = tuple("0123456789+-−±<≤")


def analyse(
    run_ids: ComparisonArgument,
    margin: MarginOption = None,
    baseline: BaselineOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Print the statistical evidence of a comparison.

    Includes confidence intervals, significance tests, fairness checks, agreement between heads, calibration,
    convergence and robustness, and the effect of cost and hyperparameters across all runs on the same test set.
    """
    from core.displays.caption import write_caption
    from core.displays.headline import write_headline
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    comparison, missing = load_comparison(store, run_ids, baseline)
    evidence = build_evidence(comparison, store.frame(), read_margin_option(margin))
    if as_json:
        print_json({"headline": write_headline(comparison), "missing": missing, **list_evidence(evidence)})
        return
    typer.echo(f"{write_headline(comparison)}\n")
    for display in evidence:
        rows = [{key: str(value) for key, value in row.items()} for row in to_rows(display.table())]
        print_table(rows, numbers=_list_number_columns(rows), title=display.title)
        typer.echo(f"{write_caption(display)}\n")


def _list_number_columns(rows: list[dict[str, str]]) -> list[str]:
    """Return the columns that contain only numbers; the first column is the row header."""
    columns = (*rows[0],)[1:] if rows else ()
    return [name for name in columns if all(row[name].startswith(_NUMBER_STARTS) for row in rows if row[name])]
