"""Link from a run to the Train page with the hyperparameters of the run."""

from typing import Any

import streamlit as st

from core.recipes import RECIPES, recipe_of
from core.spec import SETTINGS, RunSpec
from core.store.comparison import Comparison
from core.ui.navigation import open_page
from core.ui.setting import URL_NAMES

_MAX_SEEDS = 10
_IMAGE_SETTINGS = ("validation_fraction", "train_images", "validation_images")  # only partly available on Train
_SEPARATE = ("dataset", "backbone", "head", "folder", "data", "seed")


def show_train_again(spec: RunSpec) -> None:
    """Show a button that opens Train with the hyperparameters of a run, or which of them Train does not support."""
    params, unsupported = list_params(spec)
    if unsupported:
        names = ", ".join(SETTINGS[name].label.lower() for name in unsupported)
        st.caption(f"The Train page cannot set: {names}. Use the command line; see `headroom train --help`.")
    elif st.button(
        "Train again with changes",
        icon=":material/model_training:",
        help="Opens Train with the hyperparameters of this run.",
    ):
        open_page("pages/train.py", params)


def show_keep_best(comparison: Comparison) -> None:
    """Show a button that opens Train with all heads of a comparison and the best epoch to be kept."""
    if comparison.first.spec.elsewhere:
        return
    params, unsupported = list_params(comparison.first.spec.replace(keep="best_val_loss", seed=0))
    if not unsupported and st.button(
        "Train again and keep the best epoch",
        icon=":material/model_training:",
        help="Opens Train with these heads and Kept epoch set to the best validation loss.",
    ):
        seeds = max(len(variant.runs) for variant in comparison.variants)
        heads = list(dict.fromkeys(v.spec.label for v in comparison.variants if not v.spec.elsewhere))
        open_page("pages/train.py", params | {"heads": heads, "seeds": str(min(seeds, _MAX_SEEDS))})


def list_params(spec: RunSpec) -> tuple[dict[str, str | list[str]], list[str]]:
    """Return the URL parameters of the Train page for a run, and the settings that the page does not support."""
    recipe = recipe_of(spec) or next(iter(RECIPES.values()))
    params: dict[str, str | list[str]] = {
        "recipe": recipe.name,
        "dataset": spec.dataset,
        "backbone": spec.backbone,
        "heads": [spec.head],
    }
    if spec.folder:
        params["folder"] = spec.folder
    if spec.seed >= 2:
        params["seeds"] = str(min(spec.seed + 1, _MAX_SEEDS))
    unsupported = ["seed"] if spec.seed >= _MAX_SEEDS else []
    for name in SETTINGS:
        value, initial = getattr(spec, name), getattr(recipe.spec, name)
        if name in _SEPARATE or not spec.uses(name):
            continue
        if name in _IMAGE_SETTINGS:
            available = name == "train_images" or (name == "validation_images" and initial is not None)
            if value != initial and (value is None or not available):
                unsupported.append(name)
            elif value != initial:
                params[name] = str(value)
        elif value is not None or SETTINGS[name].choices:
            params[URL_NAMES.get(name, name)] = _write(name, value)
    return params, unsupported


def _write(name: str, value: Any) -> str:
    """Format a value as the widget of the setting writes it to the URL."""
    setting = SETTINGS[name]
    if setting.kind is bool:
        return str(value).lower()
    if setting.choices and setting.kind is not str:
        return setting.describe(value)
    return str(value)
