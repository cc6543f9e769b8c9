"""`analyse`: print the evidence of a comparison as tables or JSON."""

from typing import TYPE_CHECKING, Any

import typer

from core.cli.comparison import (
    BaselineOption,
    ComparisonArgument,
    MarginOption,
    list_run_folders,
    load_comparison,
    read_margin_option,
)
from core.cli.output import JsonFlag, print_json, print_table
from core.displays.comparison_json import build_evidence, list_evidence
from core.displays.json_values import make_plain, to_rows
from core.home import Home

if TYPE_CHECKING:
    from pathlib import Path

    from core.store.run_store import RunStore

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
    from core.store.kept_result import keep_result
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    question = ["analyse", run_ids, margin, baseline, as_json]
    found = keep_result(store, question, lambda: _compute(store, run_ids, margin, baseline, as_json))
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found['headline']}\n")
    for table in found["tables"]:
        print_table(table["rows"], numbers=_list_number_columns(table["rows"]), title=table["title"])
        typer.echo(f"{table['caption']}\n")


def _compute(
    store: "RunStore", run_ids: list[str], margin: str | None, baseline: str, as_json: bool
) -> "tuple[dict[str, Any], list[Path] | None]":
    from core.displays.caption import write_caption
    from core.displays.headline import write_headline

    comparison, missing = load_comparison(store, run_ids, baseline)
    evidence = build_evidence(comparison, store.frame(), read_margin_option(margin))
    found: dict[str, Any] = {"headline": write_headline(comparison)}
    if as_json:
        found = make_plain(found | {"missing": missing, **list_evidence(evidence)})
    else:
        found["tables"] = [
            {
                "title": display.title,
                "caption": write_caption(display),
                "rows": [{key: str(value) for key, value in row.items()} for row in to_rows(display.table())],
            }
            for display in evidence
        ]
    return found, list_run_folders(comparison, missing)


def _list_number_columns(rows: list[dict[str, str]]) -> list[str]:
    """Return the columns that contain only numbers; the first column is the row header."""
    columns = (*rows[0],)[1:] if rows else ()
    return [name for name in columns if all(row[name].startswith(_NUMBER_STARTS) for row in rows if row[name])]
