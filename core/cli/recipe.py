"""`recipes` and `params`: what can be trained, and what it would cost, without training or data."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.architecture.model import Model, compute_model
from core.cli.output import JsonFlag, format_known, print_json, print_message, print_table
from core.cli.setting_option import parse_changes
from core.displays.json_values import to_rows
from core.home import Home
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS

if TYPE_CHECKING:
    import pandas as pd

    from core.recipes import Recipe


def recipes(as_json: JsonFlag = False) -> None:
    """List the recipes: backbone, heads, published figures and what has been measured here."""
    from core.recipes import RECIPES
    from core.store.run_store import RunStore

    frame = RunStore(Home.default()).frame()
    found = [_describe(recipe, frame[frame["recipe"] == recipe.name]) for recipe in RECIPES.values()]
    if as_json:
        print_json(found)
        return
    _print_recipes(found)


def _describe(recipe: "Recipe", frame: "pd.DataFrame") -> dict[str, Any]:
    finished, settings = _choose(recipe, frame)
    heads = []
    for head in HEADS:
        accuracies = [row["test_accuracy"] for row in finished if row["head"] == head]
        if accuracies:
            mean = sum(accuracies) / len(accuracies)
            heads.append({
                "head": head, "runs": len(accuracies),
                "best_test_accuracy": max(accuracies), "mean_test_accuracy": mean,
            })  # fmt: skip
    return {
        "name": recipe.name,
        "title": recipe.title,
        "question": recipe.question,
        "dataset": recipe.spec.dataset,
        "backbone": recipe.spec.backbone,
        "heads": list(recipe.heads),
        "published": [vars(figure) for figure in recipe.published],
        "measured": {
            "runs": len(finished),
            "runs_at_other_settings": len(frame) - len(finished),
            "settings": settings,
            "official": all(row["official"] for row in finished) if finished else None,
            "heads": heads,
        },
    }


def _choose(recipe: "Recipe", frame: "pd.DataFrame") -> tuple[list[dict[str, Any]], str | None]:
    """The runs at the recipe's own settings, and None; where there are none, those at the settings that `compare`
    chooses, and these in words."""
    from core.store.comparison import list_offers

    offers = list_offers(frame)
    if not offers:
        return [], None
    offer = next((offer for offer in offers if offer.own), offers[0])
    settings = None if offer.own else offer.label.removeprefix(f"{recipe.name} · ")
    own = recipe.spec.model_dump()
    head_settings = [name for name, setting in SETTINGS.items() if setting.group == "head" and name != "head"]
    rows = to_rows(frame[frame["run_id"].isin(offer.run_ids)])
    return [row for row in rows if all(row[name] == own[name] for name in head_settings)], settings


def _print_recipes(found: list[dict[str, Any]]) -> None:
    from core.analysis.summary import SeedMean
    from core.displays.number import format_accuracy, format_count

    def percent(value: float) -> str:
        return format_accuracy(SeedMean(value, None, 1))

    for recipe in found:
        published = {f["head"]: f["value"] for f in recipe["published"] if f["metric"] == "test_accuracy"}
        measured = {row["head"]: row for row in recipe["measured"]["heads"]}
        rows = []
        for head in dict.fromkeys([*recipe["heads"], *measured]):
            row = measured.get(head, {})
            rows.append({
                "Head": head,
                "Published accuracy": format_known(published.get(head), lambda value: f"{value * 100:.2f} %"),
                "Runs here": format_count(row.get("runs", 0)),
                "Best": format_known(row.get("best_test_accuracy"), percent),
                "Mean": format_known(row.get("mean_test_accuracy"), percent),
            })  # fmt: skip
        where = f"{DATASETS[recipe['dataset']].label}, {BACKBONES[recipe['backbone']].label}"
        print_table(
            rows,
            numbers=("Published accuracy", "Runs here", "Best", "Mean"),
            title=f"{recipe['name']}: {recipe['title']} ({where})",
        )
        typer.echo(recipe["question"])
        if settings := recipe["measured"]["settings"]:
            typer.echo(f"Measured here at other settings than the recipe's own: {settings}.")
        typer.echo()
    print_message(
        "Best and mean are of the test accuracy over the runs at the recipe's own settings, unless others are named."
    )
    others = [r["name"] for r in found if r["published"] and r["measured"]["official"] is False]
    if others:
        print_message(
            f"Measured on data that is not the official one, so not to be set against published: {', '.join(others)}."
        )


def params(
    recipe: Annotated[str, typer.Option(help="The recipe to start from; `recipes` lists them.")],
    head: Annotated[
        list[str] | None, typer.Option(help="A head to count; give it again for more. Without it the recipe's.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KNOB=VALUE", help="A knob to change, as in --set blocks=3; may be repeated."),
    ] = None,
    side: Annotated[int | None, typer.Option(help="Side of the input images. Without it the recipe's.")] = None,
    classes: Annotated[int | None, typer.Option(help="Number of classes. Without it the recipe's.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Count parameters and FLOPs layer by layer, in closed form; needs no data and trains nothing."""
    from core.recipes import RECIPES

    chosen, changed = RECIPES[recipe], parse_changes(changes or [])
    heads = head or ([changed["head"]] if "head" in changed else chosen.heads)
    models = []
    changed.pop("head", None)
    for name in dict.fromkeys(heads):
        spec = chosen.spec_of(name, changed)
        edge = spec.side if side is None else side
        shape = chosen.input_shape if edge is None else (edge, edge, chosen.input_shape[-1])
        models.append(compute_model(spec, shape, chosen.classes if classes is None else classes))
    if as_json:
        print_json({"models": [_as_json(model) for model in models]})
        return
    for model in models:
        _print_model(model)


def _as_json(model: Model) -> dict[str, Any]:
    return {
        "head": model.spec.head,
        "total": model.params,
        "trainable": model.trainable,
        "non_trainable": model.non_trainable,
        "flops": model.flops,
        "layers": [
            {
                "name": row.name,
                "type": row.type,
                "output_shape": list(row.output_shape),
                **{name: getattr(row, name) for name in ("params", "trainable", "non_trainable", "flops")},
            }
            for row in model.rows
        ],
    }


def _print_model(model: Model) -> None:
    from core.displays.number import format_count, format_short

    rows = [
        {
            "Layer": row.name,
            "Type": row.type,
            "Output": " × ".join(map(str, row.output_shape)),
            "Parameters": format_count(row.params),
            "FLOPs": format_short(row.flops),
        }
        for row in model.rows
    ]
    total = (
        f"{HEADS[model.spec.head].label}: {format_count(model.params)} parameters "
        f"({format_count(model.trainable)} trainable, {format_count(model.non_trainable)} not), "
        f"{format_short(model.flops)} FLOPs an image"
    )
    print_table(rows, numbers=("Parameters", "FLOPs"), title=total)
