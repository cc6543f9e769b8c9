"""Choice of a recipe, and the overview of all of them."""

import streamlit as st

from core.architecture.recipe_model import compute_recipe_model
from core.displays.markdown import escape_markdown
from core.displays.number import format_count
from core.plural import format_plural
from core.recipe import Recipe
from core.recipes import RECIPES
from core.spec import DATASETS, HEADS
from core.ui import url, widget
from core.ui.errors import callback
from core.ui.heading import show_title
from core.ui.session import store

url.register("library")

_COLUMNS = 3


def choose_recipe() -> Recipe | None:
    """Show the selection of a recipe, which is part of the URL; None for the overview."""
    name = widget.optional(
        "System", list(RECIPES), key="library", none="All systems", format_func=lambda name: RECIPES[name].title,
        label_visibility="collapsed", width=380,
    )  # fmt: skip
    return RECIPES[name] if name else None


def show_introduction() -> None:
    """Show the title of the page and what it contains."""
    show_title("Library")
    st.write(
        "The published systems that Headroom reproduces: what the authors asked, built and found, layer by layer. "
        "Nothing has to be trained or downloaded to read them."
    )


def show_overview() -> None:
    """Show all recipes with their sources and questions."""
    published = [recipe for recipe in RECIPES.values() if recipe.publication]
    own = [recipe for recipe in RECIPES.values() if not recipe.publication]
    runs = store().frame()["recipe"].value_counts().to_dict()
    for heading, recipes in (("Published systems", published), ("The same heads on other data", own)):
        st.header(heading, anchor=False)
        for start in range(0, len(recipes), _COLUMNS):
            row = recipes[start : start + _COLUMNS]
            for column, recipe in zip(st.columns(_COLUMNS), row, strict=False):
                with column, st.container(border=True, height="stretch"):
                    _show_card(recipe, runs.get(recipe.name, 0))


def _show_card(recipe: Recipe, runs: int) -> None:
    st.subheader(recipe.title, anchor=False)
    if source := recipe.publication:
        text = ", ".join(filter(None, (source.author, source.published_in, source.date[:4])))
        st.caption(escape_markdown(text[0].upper() + text[1:]))
    st.write(escape_markdown(recipe.question))
    counts = ", ".join(
        f"{HEADS[head].label} {format_count(compute_recipe_model(recipe, head).params)}" for head in recipe.heads
    )
    trained = format_plural(runs, "finished run") if runs else "no finished runs yet"
    st.caption(escape_markdown(f"{DATASETS[recipe.spec.dataset].label} · parameters: {counts} · {trained}"))
    st.button(escape_markdown(f"Open {recipe.name}"), key=f"open-{recipe.name}", on_click=_open, args=(recipe.name,))


@callback
def _open(name: str) -> None:
    st.session_state["library"] = name
