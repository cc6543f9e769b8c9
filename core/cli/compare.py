"""`compare`: the first page of the report, on a terminal."""

from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.output import JsonFlag, print_json, print_message, print_table
from core.displays.comparison_json import list_results
from core.displays.json_values import to_rows
from core.errors import ComparisonError
from core.home import Home

if TYPE_CHECKING:
    from core.store.comparison import Comparison
    from core.store.run_store import RunStore


def compare(
    run_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN_ID]...", help="The ids of finished runs, or how they begin.")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="Compare runs of this recipe that belong together; of several settings those of the recipe."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Set heads side by side: what was found, how sure it is, what each head costs, and what to be careful about."""
    from core.displays.display import DISPLAYS
    from core.displays.headline import write_cautions, write_headline
    from core.store.run_store import RunStore

    if bool(run_ids) == (recipe is not None):
        got = "both" if run_ids else "neither"
        raise typer.BadParameter(f"Expected either the ids of runs or --recipe; got {got}.")
    store = RunStore(Home.default())
    comparison = _choose(store, run_ids or [], recipe)
    if as_json:
        print_json(list_results(comparison, store.frame()))
        return
    heads, published = DISPLAYS["heads"](comparison), DISPLAYS["published"](comparison)
    typer.echo(write_headline(comparison))
    table = to_rows(heads.table())
    print_table([{name: str(value) for name, value in row.items()} for row in table], numbers=list(table[0])[1:])
    print_table(to_rows(published.table()), numbers=("Published", "Measured here"), title=published.title)
    if note := published.note():
        typer.echo(note)
    for caution in write_cautions(comparison):
        typer.echo(f"Take care: {caution}")


def _choose(store: "RunStore", beginnings: list[str], recipe: str | None) -> "Comparison":
    """
    Raises:
        ComparisonError: when there is no finished run, or the runs cannot be compared.
        RunNotFoundError: when an id does not fit one finished run.
    """
    from core.recipes import RECIPES
    from core.store.comparison import Comparison, list_offers

    if recipe is None:
        return Comparison.of([store.find(beginning) for beginning in beginnings])
    name = RECIPES[recipe].name
    frame = store.frame()
    offers = list_offers(frame[frame["recipe"] == name])
    if not offers:
        raise ComparisonError(f"Expected finished runs of {name}; got none: python -m core train --recipe {name}")
    if len(offers) > 1:
        print_message(f"{offers[0].label}, one of {len(offers):,} settings; give the ids of runs for another one.")
    return Comparison.of(store.open_all(offers[0].run_ids))
