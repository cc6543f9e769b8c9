"""`compare`: print the results of a comparison."""

from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.comparison import HELP, METAVAR, BaselineOption, MarginOption, load_comparison, read_margin_option
from core.cli.output import JsonFlag, print_json, print_message, print_table
from core.displays.comparison_json import list_results
from core.displays.json_values import to_rows
from core.errors import ComparisonError
from core.home import Home

if TYPE_CHECKING:
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
    from core.displays.display import DISPLAYS
    from core.displays.headline import write_cautions, write_headline, write_interval_note
    from core.store.kept_epoch import describe_kept_epoch
    from core.store.run_store import RunStore

    if bool(run_ids) == (recipe is not None):
        raise typer.BadParameter("Give either run IDs or --recipe, not both." if run_ids else _NOTHING_GIVEN)
    store = RunStore(Home.default())
    comparison, missing = load_comparison(store, run_ids or _list_recipe_runs(store, recipe or ""), baseline)
    if as_json:
        print_json(list_results(comparison, store.frame(), missing, read_margin_option(margin)))
        return
    heads, published = DISPLAYS["heads"](comparison), DISPLAYS["published"](comparison)
    typer.echo(write_headline(comparison))
    typer.echo(f"Accuracies: {describe_kept_epoch(run.record for run in comparison.runs)}.")
    if interval := write_interval_note(comparison):
        typer.echo(interval)
    table = to_rows(heads.table())
    print_table([{name: str(value) for name, value in row.items()} for row in table], numbers=list(table[0])[1:])
    print_table(to_rows(published.table()), numbers=("Published", "Measured"), title=published.title)
    if margin:
        _print_margin(comparison, margin)
    if note := published.note():
        typer.echo(note)
    for caution in write_cautions(comparison):
        typer.echo(f"Caveat: {caution}")


def _list_recipe_runs(store: "RunStore", name: str) -> list[str]:
    """
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
    if len(offers) > 1:
        print_message(
            f"Comparing {offers[0].label} ({offers[0].key}), one of {len(offers):,} configurations. To compare "
            "another, give its runs or its ID."
        )
    return [*offers[0].run_ids]


def _print_margin(comparison: "Comparison", margin: str) -> None:
    """Print for each pair of heads whether the first loses at most the margin."""
    from core.displays.views.difference import HeadDifference, format_margin

    display = HeadDifference(comparison, read_margin_option(margin))
    for row in display.frame().to_dict("records"):
        typer.echo(f"Margin of {format_margin(display.margin)}: {row['a']} vs. {row['b']}: {row['margin_verdict']}.")
