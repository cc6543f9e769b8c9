"""Definitions of the terms of a page, from the glossary."""

import streamlit as st

from core.glossary import read_glossary, read_sections

BASIC = ("Head", "Seed", "Recipe", "Backbone", "Variant", "Run")
TERMS = {
    "Compare": ("Comparison", "±", "Confidence interval"),
    "Parameters": ("FLOPs",),
    "Curves": ("Loss", "Kept epoch", "±"),
    "Predictions": ("Prediction", "Test set"),
    "Evidence": ("±", "Confidence interval", "Significant", "Fairness check", "Pareto front"),
    "Train": ("Hyperparameter", "Configuration", "Sweep", "Estimate"),
    "Jobs": ("Job", "Dispatcher", "Worker", "Slot", "Checkpoint", "Sweep"),
    "Augmentation": ("Augmentation",),
    "Runs": ("Note", "Bundle", "Archive, unarchive", "Delete, restore"),
    "Reports": ("Report", "Draft", "Revision", "Published version"),
    "Draw your own": ("Prediction", "Class activation map"),
}
"""Terms by the title of a page, in addition to BASIC."""


def show_terms(page: str) -> None:
    """Show a popover with the terms of a page and a link to the glossary."""
    with st.popover(
        "Terms", icon=":material/menu_book:", type="tertiary", on_change="rerun", key=f"terms-{page}"
    ) as popover:
        if popover.open:
            st.markdown(write_terms(page))
            st.page_link("pages/glossary.py", label="All terms", icon=":material/menu_book:")


def show_glossary() -> None:
    """Show all terms, one tab per section of the glossary."""
    st.write("One term per concept. Pages, commands, code and documents use the same terms.")
    sections = read_sections()
    for tab, text in zip(st.tabs([*sections]), sections.values(), strict=True):
        tab.markdown(text)


def write_terms(page: str) -> str:
    """Return the definitions of the terms of a page as a Markdown list."""
    glossary = read_glossary()
    return "\n".join(f"- **{term}**: {glossary[term]}" for term in dict.fromkeys((*BASIC, *TERMS.get(page, ()))))
