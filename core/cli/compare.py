"""`compare`: print the results of a comparison."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.comparison import (
    HELP,
    METAVAR,
    BaselineOption,
    MarginOption,
    list_run_folders,
    load_comparison,
    read_margin_option,
)
from core.cli.output import JsonFlag, print_json, print_message, print_table
from core.displays.comparison_json import list_results
from core.displays.json_values import make_plain, to_rows
from core.errors import ComparisonError
from core.home import Home

if TYPE_CHECKING:
    from pathlib import Path

    from core.store.comparison import Comparison
    from core.store.run_store import RunStore

_NOTHING_GIVEN = "Give the IDs of finished runs, or --recipe."


def compare(
    run_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=f"[{METAVAR.removesuffix('...')}]...",
            help=HELP,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="Compare the runs of this recipe, with the recipe's hyperparameters if there are several."),
    ] = None,
    margin: MarginOption = None,
    baseline: BaselineOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Compare heads: main result with its uncertainty, accuracy and cost per head, published results and caveats."""
    from core.store.kept_result import keep_result
    from core.store.run_store import RunStore

    if bool(run_ids) == (recipe is not None):
        raise typer.BadParameter("Give either run IDs or --recipe, not both." if run_ids else _NOTHING_GIVEN)
    store = RunStore(Home.default())
    compute = _compute_json if as_json else _compute_tables
    question = ["compare", run_ids, recipe, margin, baseline, as_json]
    found = keep_result(store, question, lambda: compute(store, run_ids, recipe, margin, baseline))
    if found["notice"]:
        print_message(found["notice"])
    if as_json:
        print_json(found["results"])
        return
    for line in found["first"]:
        typer.echo(line)
    print_table(found["heads"], numbers=list(found["heads"][0])[1:])
    print_table(found["published"], numbers=("Published", "Measured"), title=found["published_title"])
    for line in found["last"]:
        typer.echo(line)


def _open(
    store: "RunStore", run_ids: list[str] | None, recipe: str | None, baseline: str
) -> tuple["Comparison", list[str], str]:
    """Return the comparison, the IDs of its missing runs, and which of several configurations it is."""
    listed, notice = (run_ids, "") if run_ids else _list_recipe_runs(store, recipe or "")
    return *load_comparison(store, listed, baseline), notice


def _compute_json(
    store: "RunStore", run_ids: list[str] | None, recipe: str | None, margin: str | None, baseline: str
) -> "tuple[dict[str, Any], list[Path] | None]":
    comparison, missing, notice = _open(store, run_ids, recipe, baseline)
    results = make_plain(list_results(comparison, store.frame(), missing, read_margin_option(margin)))
    return {"notice": notice, "results": results}, list_run_folders(comparison, missing)


def _compute_tables(
    store: "RunStore", run_ids: list[str] | None, recipe: str | None, margin: str | None, baseline: str
) -> "tuple[dict[str, Any], list[Path] | None]":
    from core.displays.display import DISPLAYS
    from core.displays.headline import write_cautions, write_headline, write_interval_note
    from core.store.kept_epoch import describe_kept_epoch

    comparison, missing, notice = _open(store, run_ids, recipe, baseline)
    heads, published = DISPLAYS["heads"](comparison), DISPLAYS["published"](comparison)
    measured = f"Accuracies: {describe_kept_epoch(run.record for run in comparison.runs)}."
    found = {
        "notice": notice,
        "first": [*filter(None, [write_headline(comparison), measured, write_interval_note(comparison)])],
        "heads": [{name: str(value) for name, value in row.items()} for row in to_rows(heads.table())],
        "published": to_rows(published.table()),
        "published_title": published.title,
        "last": [
            *(_list_margins(comparison, margin) if margin else []),
            *filter(None, [published.note()]),
            *(f"Caveat: {caution}" for caution in write_cautions(comparison)),
        ],
    }
    return found, list_run_folders(comparison, missing)


def _list_recipe_runs(store: "RunStore", name: str) -> tuple[list[str], str]:
    """Return the runs of a recipe, and which configuration it is if there are several.

    Raises:
        ComparisonError: when the recipe has no finished run.
    """
    from core.recipes import RECIPES
    from core.store.comparison import list_offers

    recipe = RECIPES[name].name
    frame = store.frame()
    offers = list_offers(frame[frame["recipe"] == recipe])
    if not offers:
        raise ComparisonError(f"No finished runs of {recipe}. Train some with: headroom train --recipe {recipe}")
    notice = (
        f"Comparing {offers[0].label} ({offers[0].key}), one of {len(offers):,} configurations. To compare "
        "another, give its runs or its ID."
    )
    return [*offers[0].run_ids], notice if len(offers) > 1 else ""


def _list_margins(comparison: "Comparison", margin: str) -> list[str]:
    """Return for each pair of heads whether the first loses at most the margin."""
    from core.displays.views.difference import HeadDifference, format_margin

    display = HeadDifference(comparison, read_margin_option(margin))
    return [
        f"Margin of {format_margin(display.margin)}: {row['a']} vs. {row['b']}: {row['margin_verdict']}."
        for row in display.frame().to_dict("records")
    ]
