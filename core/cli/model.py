"""`models`: add, list, evaluate and remove own Keras models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.added_runs import print_added
from core.cli.output import JsonFlag, print_json, print_message, print_table
from core.cli.recipe_option import read_dataset
from core.home import Home

if TYPE_CHECKING:
    from core.models.model_info import ModelInfo

app = typer.Typer(help="Add your own Keras models, and list and remove them.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the model.")]


@app.command()
def add(
    name: Name,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A model saved with model.save('FILE.keras'), or with --application weights saved with "
            "model.save_weights('FILE.weights.h5').",
        ),
    ],
    application: Annotated[
        str | None,
        typer.Option(help="Keras application whose weights FILE contains: the name of a pretrained backbone."),
    ] = None,
    side: Annotated[
        int | None,
        typer.Option(
            help="With --application: side of the images in pixels, if the weights include a classifier. Default: that "
            "of the application."
        ),
    ] = None,
    value_range: Annotated[
        str | None,
        typer.Option(
            "--range",
            help="Values of black and white that the model expects: 0..1, 0..255 or -1..1. Default: 0..255 if it "
            "rescales its input itself, otherwise 0..1. With --application its preprocessing is added by default.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a Keras model and copy it. Nothing in the file is executed. FILE is not needed afterwards.

    Train heads on its feature maps with: headroom train --dataset DATASET --backbone model:NAME
    """
    from core.models.add import add_model
    from core.models.application import add_application

    if application is None:
        if side is not None:
            raise typer.BadParameter("It needs --application.", param_hint="--side")
        info = add_model(Home.default(), name, file, value_range=value_range)
    else:
        info = add_application(Home.default(), name, file, application, side=side, value_range=value_range)
    if as_json:
        print_json(_as_json(info))
        return
    _print_summary(info)


@app.command("list")
def list_added(as_json: JsonFlag = False) -> None:
    """List the added models."""
    from core.displays.number import format_bytes, format_count, format_short
    from core.errors import ModelFileError
    from core.models.model_info import list_models, read_model_info

    home, found, problems = Home.default(), [], []
    for name in list_models(home):
        try:
            found.append(read_model_info(home, name))
        except ModelFileError as error:
            problems.append(str(error))
    if as_json:
        print_json([_as_json(info) for info in found])
    elif found:
        rows = [
            {
                "Model": info.name, "Input": _write_input(info), "Layers": format_count(info.layers),
                "Parameters": format_count(info.params), "FLOPs": format_short(info.flops),
                "Size": format_bytes(info.bytes), "Cut after": info.cut, "Fingerprint": info.fingerprint,
            }
            for info in found
        ]  # fmt: skip
        print_table(rows, numbers=("Layers", "Parameters", "FLOPs", "Size"))
    elif not problems:
        print_message("No models yet. Add one with: headroom models add NAME FILE")
    for problem in problems:
        print_message(problem)


@app.command()
def evaluate(
    name: Name,
    dataset: Annotated[
        str, typer.Option(help="Dataset whose test images are used, or the name that images were added under.")
    ] = "",
    folder: Annotated[str, typer.Option(help="Alias of --dataset for added images.", hidden=True)] = "",
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Class names in the order of the scores of the model, separated by commas. Default: the order of the "
            "dataset.",
        ),
    ] = None,
) -> None:
    """Evaluate an unchanged model on the test images of a dataset, and print the run ID.

    The run was trained elsewhere; it can be compared with the runs of the same dataset.
    """
    from core.errors import DatasetError
    from core.models.evaluation import start_evaluation

    home = Home.default()
    data = read_dataset(home, dataset, folder)
    if not data:
        raise DatasetError(
            "Give --dataset with the name of a dataset or of added images; `headroom datasets` lists them."
        )
    names = [text.strip() for text in classes.split(",")] if classes else []
    run_id = start_evaluation(home, name, data["dataset"], data.get("folder", ""), names)
    print_added(home, [run_id], "evaluated")


@app.command()
def remove(name: Name) -> None:
    """Move a model to the trash. Its runs stay. Undo: headroom models restore NAME"""
    from core.models.add import remove_model

    remove_model(Home.default(), name)
    typer.echo(f"Model {name} was removed. Undo: headroom models restore {name}")


@app.command()
def restore(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the removed model. By default, the trash is listed.")
    ] = "",
) -> None:
    """Restore a removed model, or list the models in the trash."""
    from core.models.add import restore_model
    from core.models.model_info import list_removed_models

    if not name:
        for removed in list_removed_models(Home.default()):
            typer.echo(removed)
        return
    restore_model(Home.default(), name)
    typer.echo(f"Model {name} was restored.")


@app.command("clear-trash")
def clear_trash() -> None:
    """Delete all removed models permanently. Their runs stay."""
    from core.models.add import clear_removed_models
    from core.models.model_info import list_removed_models

    home = Home.default()
    count = len(list_removed_models(home))
    clear_removed_models(home)
    typer.echo(f"Deleted {count} removed {'model' if count == 1 else 'models'} permanently.")


def _as_json(info: "ModelInfo") -> dict[str, Any]:
    found = info.model_dump(mode="json")
    return found | {"cuts": [{"layer": layer, "output_shape": list(shape)} for layer, shape in info.cuts]}


def _print_summary(info: "ModelInfo") -> None:
    from core.displays.number import format_bytes, format_count, format_short
    from core.plural import format_plural

    low, high = info.value_range
    typer.echo(
        f"Model {info.name}: {format_plural(info.layers, 'layer')}, {format_count(info.params)} parameters, "
        f"{format_short(info.flops)} FLOPs, {format_bytes(info.bytes)}."
    )
    typer.echo(f"Input: {_write_input(info)}, values from {low:g} to {high:g}.")
    typer.echo(f"Output: {_write_shape(info.output_shape)}.")
    rows = [{"Cut after": layer, "Feature maps": _write_shape(shape)} for layer, shape in info.cuts[-8:]]
    print_table(rows, title="Last layers after which a head can begin", numbers=())
    print_message(f"Default cut: {info.cut}.")
    print_message(f"Train heads on it with: headroom train --dataset DATASET --backbone model:{info.name}")


def _write_input(info: "ModelInfo") -> str:
    """Return the input shape; a model that accepts images of any size was counted with an example."""
    shape = _write_shape(info.input_shape)
    return f"any size, such as {shape}" if info.any_side else shape


def _write_shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
