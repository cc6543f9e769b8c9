"""ID of a comparison, and the hyperparameters by which runs belong to the same one."""

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.recipe import Recipe
from core.recipes import RECIPES
from core.spec import DATASETS, SETTINGS

if TYPE_CHECKING:
    import pandas as pd


def write_key(recipe: Recipe, changed: dict[str, Any]) -> str:
    """Return the recipe, with a hash of the hyperparameters that differ from it."""
    data = changed.get("data")
    if data == DATASETS[changed.get("dataset", recipe.spec.dataset)].official_fingerprint:
        changed = {name: value for name, value in changed.items() if name != "data"}
    typed = {name: None if value is None else SETTINGS[name].kind(value) for name, value in sorted(changed.items())}
    digest = hashlib.sha256(json.dumps(typed).encode()).hexdigest()[:8]
    return f"recipe:{recipe.name}:{digest}" if typed else f"recipe:{recipe.name}"


def group_backbones(frame: "pd.DataFrame", configuration: Sequence[str]) -> "pd.DataFrame":
    """Replace the configuration of heads for which a recipe specifies another backbone by that of its other heads, so
    that all heads of a recipe are in one comparison. Hyperparameters that differ from the recipe remain."""
    for recipe in RECIPES.values():
        for head in recipe.settings:
            own = recipe.spec_of(head)
            rows = (frame["recipe"] == recipe.name) & (frame["head"] == head) & (frame["backbone"] == own.backbone)
            if own.backbone == recipe.spec.backbone or not rows.any():
                continue
            frame = frame.copy()
            for name in configuration:
                value, other = getattr(own, name), getattr(recipe.spec, name)
                if value != other:
                    same = frame[name].isna() if value is None else frame[name] == value
                    frame.loc[rows & same, name] = other
    return frame
