"""From a run to the Train page, with the knobs it was trained with."""

from typing import Any

import streamlit as st

from core.recipes import RECIPES, recipe_of
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS, RunSpec
from core.store.comparison import describe_value
from core.ui.train.form import KEYS

_MOST_SEEDS = 10
_UNASKED = ("validation_fraction", "train_images", "validation_images")  # a recipe has them, or the page asks for some
_NAMED = ("dataset", "backbone", "head", "folder", "data", "seed")


def show_again(spec: RunSpec) -> None:
    """A button to Train with the run's knobs, or why the page cannot ask for all of them."""
    params, lost = list_params(spec)
    if lost:
        names = ", ".join(SETTINGS[name].label.lower() for name in lost)
        st.caption(f"Train cannot ask for its {names}; the command line can: python -m core train --help.")
    elif st.button("Train again with changes", icon=":material/model_training:", help="Opens Train with its knobs."):
        st.switch_page("pages/train.py", query_params=params)


def list_params(spec: RunSpec) -> tuple[dict[str, str | list[str]], list[str]]:
    """What the URL of the Train page says for a run, and the knobs that the page cannot ask for."""
    recipe = recipe_of(spec) or next(iter(RECIPES.values()))
    params: dict[str, str | list[str]] = {
        "recipe": recipe.name,
        "dataset": DATASETS[spec.dataset].label,
        "backbone": BACKBONES[spec.backbone].label,
        "heads": [HEADS[spec.head].label],
    }
    if spec.folder:
        params["folder"] = spec.folder
    if spec.seed >= 2:
        params["seeds"] = str(min(spec.seed + 1, _MOST_SEEDS))
    lost = ["seed"] if spec.seed >= _MOST_SEEDS else []
    for name in SETTINGS:
        value, start = getattr(spec, name), getattr(recipe.spec, name)
        if name in _NAMED or not spec.uses(name):
            continue
        if name in _UNASKED:
            asked = name == "train_images" or (name == "validation_images" and start is not None)
            if value != start and (value is None or not asked):
                lost.append(name)
            elif value != start:
                params[name] = str(value)
        elif value is not None or SETTINGS[name].choices:
            params[KEYS.get(name, name)] = _write(name, value)
    return params, lost


def _write(name: str, value: Any) -> str:
    """As the widget of the knob writes it into the URL."""
    setting = SETTINGS[name]
    if setting.kind is bool:
        return str(value).lower()
    if setting.choices and setting.kind is not str:
        return describe_value(name, value) if setting.default is None else f"{value:g}"
    return str(value)
