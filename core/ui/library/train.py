"""Link from a recipe to the Train page."""

import streamlit as st

from core.recipe import Recipe
from core.spec import RunSpec
from core.ui.runs.train_again import list_params


def open_train(recipe: Recipe, spec: RunSpec) -> None:
    """Open the Train page with all heads of a recipe and the hyperparameters of a spec."""
    params, _ = list_params(spec)
    st.switch_page("pages/train.py", query_params=params | {"recipe": recipe.name, "heads": list(recipe.heads)})
