"""Models of a recipe at its published image shape and number of classes, for parameter counts without training."""

from collections.abc import Mapping
from typing import Any

from core.architecture.model import Model, compute_model
from core.recipe import Recipe


def compute_recipe_model(recipe: Recipe, head: str, changes: Mapping[str, Any] | None = None) -> Model:
    """Return the model of a head of a recipe; its counts are computed from the layers, whether published or not.

    Args:
        changes: hyperparameters that differ from the recipe, such as {"side": 300}.
    """
    spec = recipe.spec_of(head, changes)
    shape = (spec.side, spec.side, recipe.input_shape[-1]) if spec.side else recipe.input_shape
    return compute_model(spec, shape, recipe.classes)
