"""Recipe of a command: the given one, or that for the given dataset, also for custom datasets by their names."""

import re
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from core.errors import DatasetError, JobError
from core.home import Home
from core.models.model_info import MODEL, choose_model, read_model_info, split_reference
from core.spec import DATASETS
from core.suggestion import suggest

_MAX_NAME = 40  # characters of a suggested name

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
    from core.recipes import RECIPES, find_general_recipe

    given = choose_model({name: value for name, value in settings.items() if value is not None})
    given |= read_dataset(home, given.get("dataset") or "", given.get("folder") or "")
    if recipe is None and "dataset" not in given:
        raise JobError("Give --recipe, or --dataset with the name of a dataset or of added images.")
    name = recipe or find_general_recipe(given["dataset"]).name
    return name, choose_side(home, given, RECIPES[name].spec.dataset if name in RECIPES else None)


def read_dataset(home: Home, dataset: str, folder: str) -> dict[str, str]:
    """Return the hyperparameters `dataset` and `folder` that the options mean; none if both are empty.

    Raises:
        DatasetError: when there is no such dataset.
    """
    from core.datasets.cache import list_folders
    from core.datasets.dataset_key import FOLDER, add_command

    _reject_path(folder)
    if dataset and dataset not in DATASETS:
        _reject_path(dataset)
        added = list_folders(home)
        if dataset not in added:
            raise DatasetError(
                f"There is no dataset {dataset!r:.60}. {suggest(dataset, [*DATASETS, *added])}`headroom datasets` "
                f"lists them. Add your own images with: {add_command('NAME')}"
            )
        return {"dataset": FOLDER, "folder": dataset}
    given = {"dataset": dataset or (FOLDER if folder else ""), "folder": folder}
    return {name: value for name, value in given.items() if value}


def _reject_path(text: str) -> None:
    """
    Raises:
        DatasetError: when the text is a path or an address instead of the name of added images.
    """
    if "/" in text or "\\" in text or text.startswith(("~", ".")):
        name = re.sub(r"[^a-z0-9_]+", "-", Path(text).stem.lower()).strip("-_")[:_MAX_NAME]
        raise DatasetError(
            f"Expected the name of added images; got the path {text!r:.80}. Add them first, then give their name: "
            f"headroom datasets add {name or 'NAME'} {quote(text)}"
        )


def choose_side(home: Home, given: dict[str, Any], dataset: str | None, models: Sequence[str] = ()) -> dict[str, Any]:
    """Return the hyperparameters with the image size of the models, if they read one size and none is given.

    Args:
        dataset: dataset of the runs, if `given` has none.
        models: models of a sweep, in addition to that of `given`.
    """
    names = [*models, *([given["model"]] if given.get("backbone") == MODEL and given.get("model") else [])]
    name = given.get("dataset", dataset)
    if "side" in given or not names or name is None or "side" not in DATASETS[name].uses:
        return given
    sides = {read_model_info(home, split_reference(name)[0]).side for name in names}
    side = sides.pop()
    return given if side is None or sides else given | {"side": side}
