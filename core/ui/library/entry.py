"""Entry of the library: a published system with its architecture, data, training, results and open questions."""

import streamlit as st

from core.architecture.recipe_model import compute_recipe_model
from core.displays.architecture_diagram import build_architecture_chart, describe_architectures, group_architectures
from core.displays.encoding import write_spec
from core.displays.markdown import escape_markdown
from core.displays.palette import head_colors
from core.displays.recipe_results import build_recipe_results, describe_printed
from core.displays.recipe_text import list_training, write_source
from core.recipe import Recipe
from core.recipes import RECIPES
from core.spec import HEADS
from core.store.comparison import Comparison
from core.ui.display import draw_spec, show_frame
from core.ui.heading import show_title
from core.ui.library.data import show_data
from core.ui.library.findings import find_offer, open_findings, show_findings
from core.ui.library.questions import show_questions, show_remarks
from core.ui.library.train import open_train
from core.ui.parameters.layer_table import show_layer_table


def show_entry(recipe: Recipe) -> None:
    """Show all sections of a recipe."""
    offer = find_offer(recipe)
    comparison = open_findings(offer)
    show_findings(recipe, offer, comparison)
    _show_architecture(recipe)
    left, right = st.columns([5, 2], gap="large")
    with left:
        _show_results(recipe, comparison)
    with right:
        st.header("Training", anchor=False)
        st.markdown("\n".join(f"- {escape_markdown(text)}" for text in list_training(recipe)))
    has_remarks = recipe.statements or recipe.corrections
    columns = st.columns(2 if has_remarks else 1, gap="large")
    with columns[0]:
        show_data(recipe)
    if has_remarks:
        with columns[1]:
            show_remarks(recipe)
    show_questions(recipe)


def _show_results(recipe: Recipe, comparison: Comparison | None) -> None:
    st.header("Results", anchor=False)
    show_frame(build_recipe_results(recipe, comparison), words=("Metric",))
    printed = f"Published: printed by the author. {describe_printed(recipe)}" if recipe.published else ""
    st.caption(
        escape_markdown(
            f"{printed}Computed: counted from the layers. Measured: mean ± standard deviation of the runs in this "
            "home, also of imported ones and examples."
        )
    )


def show_entry_heading(recipe: Recipe) -> None:
    """Show the title of a recipe, its source and its question."""
    st.set_page_config(page_title=f"{recipe.title} · Library · Headroom")
    show_title(escape_markdown(recipe.title))
    if recipe.publication:
        source = write_source(recipe.publication)
        st.caption(escape_markdown(f"{source[0].upper()}{source[1:]}."))
    st.markdown(f"**{escape_markdown(recipe.question)}**")


def show_links(recipe: Recipe) -> None:
    """Show the button that opens Train with a recipe, and the link to its publication."""
    label = escape_markdown(f"Train {recipe.name}")
    if st.button(label, type="primary", icon=":material/model_training:"):
        open_train(recipe, recipe.spec)
    if recipe.publication and recipe.publication.address:
        st.link_button("Read the publication", recipe.publication.address, icon=":material/open_in_new:")


def _show_architecture(recipe: Recipe) -> None:
    st.header("Architecture", anchor=False)
    _draw(recipe.name)
    with st.expander("Layer tables", on_change="rerun", key="library-layers") as expander:
        if expander.open:
            for start in range(0, len(recipe.heads), 2):
                for column, head in zip(st.columns(2, gap="large"), recipe.heads[start : start + 2], strict=False):
                    with column:
                        st.subheader(escape_markdown(HEADS[head].label), anchor=False)
                        show_layer_table(compute_recipe_model(recipe, head))


@st.cache_resource(show_spinner=False, max_entries=32)
def _draw(name: str) -> None:
    """Draw the diagram of a recipe. Streamlit replays the cached charts."""
    recipe = RECIPES[name]
    models = {HEADS[head].label: compute_recipe_model(recipe, head) for head in recipe.heads}
    architectures = group_architectures(models)
    chart = write_spec(build_architecture_chart(architectures, head_colors()))
    text = describe_architectures(architectures)
    if len(architectures) > 1 or len(recipe.heads) < 3:
        draw_spec(chart, text)
        return
    backbone, _, heads = text.partition(". ")
    left, right = st.columns([1, 2])  # heads in two columns, also if they need a second row
    with left:
        draw_spec({**chart, "concat": chart["concat"][:1]}, f"{backbone}.")
    with right:
        draw_spec({**chart, "concat": chart["concat"][1:]}, heads)
