"""Link from a recipe to the Train page."""

from core.recipe import Recipe
from core.spec import RunSpec
from core.ui.navigation import open_page
from core.ui.runs.train_again import list_params


def open_train(recipe: Recipe, spec: RunSpec) -> None:
    """Open the Train page with all heads of a recipe and the hyperparameters of a spec."""
    params, _ = list_params(spec)
    open_page("pages/train.py", params | {"recipe": recipe.name, "heads": list(recipe.heads)})
