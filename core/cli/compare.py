"""`compare`: the first page of the report, on a terminal."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.evidence import list_evidence
from core.cli.output import JsonFlag, list_records, print_json, print_table, say
from core.errors import ComparisonError
from core.home import Home

if TYPE_CHECKING:
    from core.store.comparison import Comparison


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

    if bool(run_ids) == (recipe is not None):
        got = "both" if run_ids else "neither"
        raise typer.BadParameter(f"Expected either the ids of runs or --recipe; got {got}.")
    comparison = _choose(Home.default(), run_ids or [], recipe)
    headline = write_headline(comparison)
    heads, published = DISPLAYS["heads"](comparison), DISPLAYS["published"](comparison)
    if as_json:
        print_json({
            "headline": headline,
            "heads": _list_heads(comparison, list_records(heads.frame())),
            "dataset": comparison.first.spec.dataset,
            "fingerprint": comparison.first.record.data.fingerprint,
            "official": comparison.official,
            "published": _list_published(comparison, list_records(published.frame())),
            **list_evidence(comparison),
        })  # fmt: skip
        return
    typer.echo(headline)
    table = list_records(heads.table())
    print_table([{name: str(value) for name, value in row.items()} for row in table], numbers=list(table[0])[1:])
    print_table(list_records(published.table()), numbers=("Published", "Measured here"), title=published.title)
    if note := published.note():
        typer.echo(note)
    for caution in write_cautions(comparison):
        typer.echo(f"Take care: {caution}")


def _choose(home: Home, beginnings: list[str], recipe: str | None) -> "Comparison":
    """
    Raises:
        ComparisonError: when there is no finished run, or the runs cannot be compared.
        RunNotFoundError: when an id does not fit one finished run.
    """
    from core.recipes import RECIPES
    from core.store.comparison import Comparison, list_offers
    from core.store.runs import RunStore

    store = RunStore(home)
    if recipe is None:
        return Comparison.of([store.find(beginning) for beginning in beginnings])
    name = RECIPES[recipe].name
    frame = store.frame()
    offers = list_offers(frame[frame["recipe"] == name])
    if not offers:
        raise ComparisonError(f"Expected finished runs of {name}; got none: python -m core train --recipe {name}")
    if len(offers) > 1:
        say(f"{offers[0].label}, one of {len(offers):,} settings; give the ids of runs for another one.")
    return Comparison.of(store.open_all(offers[0].run_ids))


def _list_heads(comparison: "Comparison", rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    heads = []
    for contender, row in zip(comparison.contenders, rows, strict=True):
        heads.append({
            "head": contender.spec.head,
            "label": contender.label,
            **{name: round(row[name]) for name in ("params", "flops", "keras_bytes", "tflite_bytes")},
            **{name: row[name] for name in ("latency_seconds", "train_seconds")},
            **{name: {"mean": row[name], "spread": row[f"{name}_spread"]} for name in ("test_accuracy", "test_loss")},
            "seeds": [run.spec.seed for run in contender.runs],
            "run_ids": [run.run_id for run in contender.runs],
        })  # fmt: skip
    return heads


def _list_published(comparison: "Comparison", rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With the name of the head, and its label beside it; parameters are counted, not measured."""
    names = {contender.label: contender.spec.head for contender in comparison.contenders}
    published = []
    for row in rows:
        label = row.pop("head")
        counts = {name: round(row[name]) for name in ("published", "measured") if row["metric"] == "params"}
        published.append({"head": names[label], "label": label, **row, **counts})
    return published
