"""Settings of the Train page that differ from the recipe: marked in the form, listed with their reset buttons."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.displays.markdown import escape_markdown
from core.recipe import Recipe
from core.recipes import RECIPES
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS, RunSpec
from core.store.setting_text import describe_value
from core.ui.errors import callback
from core.ui.setting import URL_NAMES

IMAGE_COUNTS = ("train_images", "validation_images")
_MARK = "<style>{} {{ border-left: 3px solid light-dark(#0a6fa8, #3fb0ea); padding-left: 0.75rem }}</style>"


def list_recipe_differences(recipe: Recipe, initial: RunSpec, selected: Mapping[str, Any]) -> dict[str, str]:
    """Describe the settings that differ from a recipe, by name, such as "Epochs: 3 (recipe: 25)".

    Args:
        initial: the values of the recipe for the selected heads.
        selected: values by the name of the setting, and the names of the heads as "heads".
    """
    found = {}
    for name, value in selected.items():
        own = list(recipe.heads) if name == "heads" else getattr(initial, name)
        if name == "side" and own is None:
            own = min(DATASETS[selected["dataset"]].input_shape[:2])
        if value != own if name != "heads" else set(value) != set(own):
            label = "Heads" if name == "heads" else SETTINGS[name].label
            found[name] = f"{label}: {_describe(name, value)} (recipe: {_describe(name, own)})"
    return found


def _describe(name: str, value: Any) -> str:
    if name == "heads":
        return ", ".join(HEADS[head].label for head in value) or "none"
    if name in ("dataset", "backbone"):
        return (DATASETS if name == "dataset" else BACKBONES)[value].label
    if name in IMAGE_COUNTS:
        return "all" if value is None else f"{value:,}"
    return describe_value(name, value) or "none"


def show_recipe_differences(differences: Mapping[str, str]) -> None:
    """Mark the settings that differ, and show a button that resets each and one that resets all."""
    if not differences:
        return
    st.html(_MARK.format(", ".join(f".st-key-{URL_NAMES.get(name, name)}" for name in differences)))
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="differences"):
        st.caption("Differs from the recipe; select to reset:", width="content")
        for name, text in differences.items():
            st.button(
                escape_markdown(text),
                icon=":material/undo:",
                type="tertiary",
                key=f"reset-{name}",
                on_click=callback(reset_settings),
                args=([name],),
            )
        if len(differences) > 1:
            st.button(
                "Reset all", icon=":material/restart_alt:", on_click=callback(reset_settings), args=([*differences],)
            )


def reset_settings(names: list[str]) -> None:
    """Set the widgets of these settings to the values of the recipe."""
    recipe = RECIPES[st.session_state["recipe"]]
    heads = list(recipe.heads) if "heads" in names else st.session_state.get("heads", recipe.heads)
    initial = recipe.find_initial(heads)
    for name in names:
        key = URL_NAMES.get(name, name)
        value = heads if name == "heads" else getattr(initial, name)
        if value is None and name == "side":
            value = min(DATASETS[initial.dataset].input_shape[:2])
        elif value is None and name in IMAGE_COUNTS:
            value = st.session_state.get(f"all {name}")
        if key in st.session_state and (value is not None or (name in SETTINGS and SETTINGS[name].choices)):
            st.session_state[key] = value
    if "dataset" in names:
        use_all_images()


def use_all_images() -> None:
    """Set the numbers of images to all images of the dataset."""
    for name in IMAGE_COUNTS:
        st.session_state.pop(name, None)
