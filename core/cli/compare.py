"""`compare`: print the results of a comparison."""

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

_NOTHING_GIVEN = "Give the IDs of finished runs, or --recipe."


def compare(
    run_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN_ID]...",
            help="IDs of finished runs, or unique prefixes of them; or the ID of a comparison in a link, such as "
            "recipe:digits-heads or runs:RUN_ID,RUN_ID.",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="Compare the runs of this recipe, with the recipe's hyperparameters if there are several."),
    ] = None,
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
    comparison = _choose(store, run_ids or [], recipe)
    if as_json:
        print_json(list_results(comparison, store.frame()))
        return
    heads, published = DISPLAYS["heads"](comparison), DISPLAYS["published"](comparison)
    typer.echo(write_headline(comparison))
    typer.echo(f"Accuracies: {describe_kept_epoch(run.record for run in comparison.runs)}.")
    if interval := write_interval_note(comparison):
        typer.echo(interval)
    table = to_rows(heads.table())
    print_table([{name: str(value) for name, value in row.items()} for row in table], numbers=list(table[0])[1:])
    print_table(to_rows(published.table()), numbers=("Published", "Measured"), title=published.title)
    if note := published.note():
        typer.echo(note)
    for caution in write_cautions(comparison):
        typer.echo(f"Caveat: {caution}")


def _choose(store: "RunStore", prefixes: list[str], recipe: str | None) -> "Comparison":
    """
    Raises:
        ComparisonError: when there is no finished run, or the runs cannot be compared.
        RunNotFoundError: when a prefix matches no finished run, or several.
    """
    from core.jobs.diverged import add_diverged
    from core.recipes import RECIPES
    from core.store.comparison import Comparison, find_offers, list_offers

    if len(prefixes) == 1 and prefixes[0].startswith("recipe:"):
        found = find_offers(list_offers(store.frame()), prefixes[0])
        if len(found) != 1:
            keys = ", ".join(offer.key for offer in found)
            several = f"{prefixes[0]!r:.60} fits several comparisons. Give one of these IDs: {keys}."
            raise ComparisonError(several if found else f"Comparison {prefixes[0]!r:.60} no longer exists.")
        return Comparison.of(store.open_all(found[0].run_ids))
    if recipe is None:
        ids = [run_id for given in prefixes for run_id in given.removeprefix("runs:").split(",") if run_id]
        return add_diverged(store.home, Comparison.of([store.find(run_id) for run_id in ids]))
    name = RECIPES[recipe].name
    frame = store.frame()
    offers = list_offers(frame[frame["recipe"] == name])
    if not offers:
        raise ComparisonError(f"No finished runs of {name}. Train some with: headroom train --recipe {name}")
    if len(offers) > 1:
        print_message(
            f"Comparing {offers[0].label} ({offers[0].key}), one of {len(offers):,} configurations. To compare "
            "another, give run IDs."
        )
    return add_diverged(store.home, Comparison.of(store.open_all(offers[0].run_ids)))
