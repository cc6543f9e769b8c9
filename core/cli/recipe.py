"""`recipes` and `params`: list recipes, and count parameters and FLOPs without training or data."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.output import JsonFlag, format_known, print_json, print_message, print_table
from core.cli.recipe_option import choose_side
from core.cli.setting_option import parse_changes
from core.displays.json_values import make_plain, to_rows
from core.errors import SpecError
from core.home import Home
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS

if TYPE_CHECKING:
    import pandas as pd

    from core.architecture.keras_model import KerasModel
    from core.architecture.model import Model
    from core.recipe import Recipe
    from core.store.run_store import RunStore


def recipes(as_json: JsonFlag = False) -> None:
    """List the recipes with their heads, published results and the results measured in this home."""
    from core.store.kept_result import keep_result
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    found = keep_result(store, ["recipes"], lambda: (_describe_all(store), []))
    if as_json:
        print_json(found)
        return
    _print_recipes(found)


def _describe_all(store: "RunStore") -> list[dict[str, Any]]:
    from core.recipes import RECIPES

    frame = store.frame()
    found = [_describe(recipe, frame[frame["recipe"] == recipe.name]) for recipe in RECIPES.values()]
    return make_plain(found)


def _describe(recipe: "Recipe", frame: "pd.DataFrame") -> dict[str, Any]:
    from core.architecture.recipe_model import compute_recipe_model

    finished, configuration = _choose(recipe, frame)
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
        "publication": recipe.publication and asdict(recipe.publication),
        "published": [asdict(result) for result in recipe.published],
        "statements": recipe.statements,
        "conclusions": recipe.conclusions,
        "open_questions": [asdict(question) for question in recipe.open_questions],
        "corrections": recipe.corrections,
        "computed": [
            {"head": head, **{name: getattr(model, name) for name in ("params", "trainable", "non_trainable")}}
            for head in recipe.heads
            for model in [compute_recipe_model(recipe, head)]
        ],
        "measured": {
            "runs": len(finished),
            "runs_of_other_configurations": len(frame) - len(finished),
            "configuration": configuration,
            "official": all(row["official"] for row in finished) if finished else None,
            "heads": heads,
        },
    }


def _choose(recipe: "Recipe", frame: "pd.DataFrame") -> tuple[list[dict[str, Any]], str | None]:
    """Return the runs with the recipe's hyperparameters, and None. If there are no such runs, return those of the
    configuration that `compare` selects, and its description."""
    from core.store.comparison import list_offers

    offers = list_offers(frame)
    if not offers:
        return [], None
    offer = next((offer for offer in offers if offer.own), offers[0])
    configuration = None if offer.own else offer.label.removeprefix(f"{recipe.name} · ")
    head_settings = [name for name, setting in SETTINGS.items() if setting.group == "head" and name != "head"]
    rows = to_rows(frame[frame["run_id"].isin(offer.run_ids)])
    own = {row["head"]: recipe.spec_of(row["head"]) for row in rows}
    kept = [row for row in rows if all(row[name] == getattr(own[row["head"]], name) for name in head_settings)]
    return kept, configuration


def _print_recipes(found: list[dict[str, Any]]) -> None:
    from core.analysis.seed_mean import SeedMean
    from core.displays.number import format_accuracy, format_count, format_published_accuracy
    from core.displays.recipe_text import write_source
    from core.recipe import Publication, PublishedResult

    def percent(value: float) -> str:
        return format_accuracy(SeedMean(value, None, 1))

    for recipe in found:
        published = {
            f["head"]: format_published_accuracy(PublishedResult(**f))
            for f in recipe["published"]
            if f["metric"] == "test_accuracy"
        }
        measured = {row["head"]: row for row in recipe["measured"]["heads"]}
        rows = []
        for head in dict.fromkeys([*recipe["heads"], *measured]):
            row = measured.get(head, {})
            rows.append({
                "Head": head,
                "Published accuracy": format_known(published.get(head)),
                "Runs": format_count(row.get("runs", 0)),
                "Best accuracy": format_known(row.get("best_test_accuracy"), percent),
                "Mean accuracy": format_known(row.get("mean_test_accuracy"), percent),
            })  # fmt: skip
        labels = f"{DATASETS[recipe['dataset']].label}, {BACKBONES[recipe['backbone']].label}"
        print_table(
            rows,
            numbers=("Published accuracy", "Runs", "Best accuracy", "Mean accuracy"),
            title=f"{recipe['name']}: {recipe['title']} ({labels})",
        )
        typer.echo(recipe["question"])
        if recipe["publication"]:
            typer.echo(f"Source: {write_source(Publication(**recipe['publication']))}")
        if configuration := recipe["measured"]["configuration"]:
            typer.echo(f"Measured with other hyperparameters than the recipe's: {configuration}.")
        typer.echo()
    print_message(
        "Best and mean test accuracy across the runs with the recipe's hyperparameters, unless specified otherwise."
    )
    others = [r["name"] for r in found if r["published"] and r["measured"]["official"] is False]
    if others:
        print_message(
            f"Not measured on the official data, so not comparable with the published results: {', '.join(others)}."
        )


def params(
    recipe: Annotated[str | None, typer.Option(help="Recipe to start from; `headroom recipes` lists them.")] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Keras model to count instead: a .keras file or its config.json. Nothing in it is run."
        ),
    ] = None,
    heads: Annotated[
        list[str] | None,
        typer.Option(
            "--heads", "--head", metavar="A,B", help="Heads, separated by commas. Default: the heads of the recipe."
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Hyperparameter to change, such as --set blocks=3; may be repeated."
        ),
    ] = None,
    side: Annotated[
        int | None, typer.Option(help="Side length of the input images in pixels. Default: that of the recipe.")
    ] = None,
    classes: Annotated[int | None, typer.Option(help="Number of classes. Default: that of the recipe.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Count parameters and FLOPs per layer with closed-form formulas, without data or training.

    A multiplication and an addition count as two FLOPs.
    """
    from core.architecture.model import compute_model
    from core.models.before_training import list_image_sizes
    from core.recipes import RECIPES

    if model is not None:
        if recipe or heads or changes or classes is not None:
            raise SpecError("Use --model without --recipe, --heads, --set and --classes.")
        from core.architecture.keras_model import read_keras_model

        _show([read_keras_model(model, side=side, label=model.name)], as_json)
        return
    if recipe is None:
        raise SpecError("Choose a recipe with --recipe, or a Keras model with --model.")
    chosen, changed = RECIPES[recipe], parse_changes(changes or [])
    if side is None:
        changed = choose_side(Home.default(), changed, chosen.spec.dataset)
    names = [name.strip() for text in heads or () for name in text.split(",")]
    names = names or ([changed["head"]] if "head" in changed else list(chosen.heads))
    models = []
    changed.pop("head", None)
    specs = [chosen.spec_of(name, changed) for name in dict.fromkeys(names)]
    for message in list_image_sizes(Home.default(), specs) if side is None else ():
        print_message(message)
    for spec in specs:
        length = spec.side if side is None else side
        shape = chosen.input_shape if length is None else (length, length, chosen.input_shape[-1])
        models.append(compute_model(spec, shape, chosen.classes if classes is None else classes))
    _show(models, as_json)


def _show(models: "Sequence[Model | KerasModel]", as_json: bool) -> None:
    if as_json:
        print_json({"models": [_as_json(model) for model in models]})
        return
    for model in models:
        _print_model(model)


def _as_json(model: "Model | KerasModel") -> dict[str, Any]:
    from core.architecture.model import Model

    return {
        **({"head": model.spec.head} if isinstance(model, Model) else {"name": model.name}),
        "total": model.params,
        "trainable": model.trainable,
        "non_trainable": model.non_trainable,
        "flops": model.flops,
        "layers": [
            {
                "name": row.name,
                "type": row.type,
                "output_shape": list(row.output_shape),
                "inputs": list(row.inputs),
                **{name: getattr(row, name) for name in ("params", "trainable", "non_trainable", "flops")},
            }
            for row in model.rows
        ],
    }


def _print_model(model: "Model | KerasModel") -> None:
    from core.architecture.model import Model
    from core.displays.number import format_count, format_short

    rows = [
        {
            "Layer": row.name,
            "Type": row.type,
            "Output shape": " × ".join(map(str, row.output_shape)),
            "Parameters": format_count(row.params),
            "FLOPs": format_short(row.flops or 0),
        }
        for row in model.rows
    ]
    name = HEADS[model.spec.head].label if isinstance(model, Model) else model.name
    total = (
        f"{name}: {format_count(model.params)} parameters "
        f"({format_count(model.trainable)} trainable, {format_count(model.non_trainable)} non-trainable), "
        f"{format_short(model.flops)} FLOPs per image"
    )
    print_table(rows, numbers=("Parameters", "FLOPs"), title=total)
    if not isinstance(model, Model):
        from core.displays.keras_model_text import describe_keras_model

        print_message(describe_keras_model(model))
