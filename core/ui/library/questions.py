"""Open questions of an author with the runs that answer them, and remarks on the publication."""

import streamlit as st

from core.displays.markdown import escape_markdown, write_code
from core.recipe import OpenQuestion, Recipe
from core.store.setting_text import describe_setting
from core.ui.library.findings import find_offer, show_offer_button
from core.ui.library.train import open_train
from core.ui.session import store


def show_questions(recipe: Recipe) -> None:
    """Show the open questions, if there are any."""
    if recipe.open_questions:
        st.header("Open questions", anchor=False)
    for question in recipe.open_questions:
        _show_question(recipe, question)


def show_remarks(recipe: Recipe) -> None:
    """Show other statements of the author, and where the publication is wrong or incomplete."""
    st.header("Remarks on the publication", anchor=False)
    texts = [*recipe.statements, *recipe.corrections]
    st.markdown("\n".join(f"- {escape_markdown(text)}" for text in texts))


def _show_question(recipe: Recipe, question: OpenQuestion) -> None:
    st.markdown(f"**{escape_markdown(question.question)}**")
    if question.answer:
        st.write(escape_markdown(question.answer))
    if question.command:
        st.caption(f"Measured with: {write_code(question.command)}")
    settings = escape_markdown(", ".join(describe_setting(name, value) for name, value in question.settings.items()))
    frame = store().frame()
    same = frame["recipe"] == recipe.name
    for name, value in question.settings.items():
        same &= frame[name] == value
    if offer := find_offer(recipe, set(frame.loc[same, "run_id"])):
        show_offer_button(offer, f"View the runs with {settings}")
    elif st.button(f"Train with {settings}", key=f"train-{question.question}", icon=":material/model_training:"):
        open_train(recipe, recipe.spec_of(recipe.spec.head, question.settings))
