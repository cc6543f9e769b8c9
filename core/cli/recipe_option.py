"""Recipe of a command: the given one, or that for the given dataset, also for custom datasets by their names."""

from typing import Annotated, Any

import typer

from core.cli.output import print_message
from core.errors import DatasetError, JobError
from core.home import Home
from core.models.model_info import MODEL, choose_model, read_model_info, split_reference
from core.spec import DATASETS

RecipeOption = Annotated[
    str | None,
    typer.Option(help="Recipe to train; `headroom recipes` lists them. Default: the one for --dataset or --folder."),
]


def read_recipe(home: Home, recipe: str | None, settings: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of the recipe, and the given hyperparameters with the dataset that they mean.

    `--dataset NAME` with the name of a custom dataset, and `--folder NAME` without it, select this custom dataset.

    Args:
        settings: hyperparameters by name; None for those that were not given.

    Raises:
        JobError: when neither a recipe nor a dataset is given.
        DatasetError: when there is no such dataset.
    """
    from core.recipes import find_general_recipe

    given = choose_model({name: value for name, value in settings.items() if value is not None})
    given |= read_dataset(home, given.get("dataset") or "", given.get("folder") or "")
    if recipe is None and "dataset" not in given:
        raise JobError("Give --recipe, or --dataset with the name of a dataset or of added images.")
    name = recipe or find_general_recipe(given["dataset"]).name
    return name, _choose_side(home, given)


def read_dataset(home: Home, dataset: str, folder: str) -> dict[str, str]:
    """Return the hyperparameters `dataset` and `folder` that the options mean; none if both are empty.

    Raises:
        DatasetError: when there is no such dataset.
    """
    from core.datasets.dataset_key import FOLDER, add_command, key_of

    if dataset and dataset not in DATASETS:
        if not (home.datasets / key_of(FOLDER, dataset)).is_dir():
            raise DatasetError(
                f"There is no dataset {dataset!r:.60}. `headroom datasets` lists them. Add your own images with: "
                f"{add_command('NAME')}"
            )
        return {"dataset": FOLDER, "folder": dataset}
    given = {"dataset": dataset or (FOLDER if folder else ""), "folder": folder}
    return {name: value for name, value in given.items() if value}


def _choose_side(home: Home, given: dict[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters with the image size of the model, if it reads one size and none is given."""
    model, uses = given.get("model"), DATASETS[given["dataset"]].uses if "dataset" in given else ()
    if "side" in given or given.get("backbone") != MODEL or not model or "side" not in uses:
        return given
    info = read_model_info(home, split_reference(model)[0])
    if info.side is None:
        return given
    print_message(f"Images are resized to {info.side} × {info.side} pixels, the input size of model {info.name}.")
    return given | {"side": info.side}
