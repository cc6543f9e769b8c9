"""Recipe of a command: the given one, or that for the given dataset, also for custom datasets by their names."""

from typing import Annotated, Any

import typer

from core.errors import DatasetError, JobError
from core.home import Home
from core.models.model_info import choose_model
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
    from core.datasets.dataset_key import FOLDER, add_command, key_of
    from core.recipes import find_general_recipe

    given = choose_model({name: value for name, value in settings.items() if value is not None})
    dataset, folder = given.get("dataset"), given.get("folder")
    if dataset and dataset not in DATASETS:
        if not (home.datasets / key_of(FOLDER, dataset)).is_dir():
            raise DatasetError(
                f"There is no dataset {dataset!r:.60}. `headroom datasets` lists them. Add your own images with: "
                f"{add_command('NAME')}"
            )
        given |= {"dataset": FOLDER, "folder": dataset}
    elif folder and not dataset:
        given["dataset"] = FOLDER
    if recipe is None and "dataset" not in given:
        raise JobError("Give --recipe, or --dataset with the name of a dataset or of added images.")
    return recipe or find_general_recipe(given["dataset"]).name, given
