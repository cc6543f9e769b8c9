"""Models of a recipe at its published image shape and number of classes, for parameter counts without training."""

from collections.abc import Mapping
from typing import Any

from core.architecture.layers import Shape
from core.architecture.model import Model, compute_model
from core.errors import SpecError
from core.recipe import Recipe
from core.spec import HEADS


def compute_recipe_model(recipe: Recipe, head: str, changes: Mapping[str, Any] | None = None) -> Model:
    """Return the model of a head of a recipe; its counts are computed from the layers, whether published or not.

    Args:
        changes: hyperparameters that differ from the recipe, such as {"side": 300}.
    """
    spec = recipe.spec_of(head, changes)
    shape = (spec.side, spec.side, recipe.input_shape[-1]) if spec.side else recipe.input_shape
    return compute_model(spec, shape, recipe.classes)


def compute_head_models(
    recipe: Recipe, values: Mapping[str, Any], shape: Shape, classes: int
) -> tuple[dict[str, Model], dict[str, str]]:
    """Return the models of all heads by name, and the error messages of heads that are not possible.

    Args:
        values: hyperparameters of all heads. Where they are unchanged (`Recipe.find_initial`), the recipe's own values
            for a head apply, such as another backbone.
    """
    initial = recipe.find_initial(recipe.heads)
    models, problems = {}, {}
    for head in HEADS:
        own = recipe.settings.get(head, {})
        changes = {n: value for n, value in values.items() if n not in own or value != getattr(initial, n)}
        try:
            models[head] = compute_model(recipe.spec_of(head, changes), shape, classes)
        except SpecError as error:
            problems[head] = str(error)
    return models, problems
