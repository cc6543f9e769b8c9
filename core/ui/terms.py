"""Definitions of the terms of a page, from the glossary."""

import streamlit as st

from core.ui.glossary import GlossaryEntry, read_glossary, read_sections

BASIC = ("Head", "Seed", "Recipe", "Backbone", "Variant", "Run")
TERMS = {
    "Compare": ("Comparison", "±", "Confidence interval"),
    "Parameters": ("FLOPs",),
    "Curves": ("Loss", "Kept epoch", "±"),
    "Predictions": ("Prediction", "Test set"),
    "Evidence": ("±", "Confidence interval", "Significant", "Fairness check", "Pareto front"),
    "Data": ("Dataset", "Custom dataset", "Fingerprint", "Official data"),
    "Library": ("Published result", "FLOPs"),
    "Run": ("Spec", "Configuration", "Kept epoch"),
    "Train": ("Hyperparameter", "Configuration", "Sweep", "Estimate"),
    "Advisor": ("Advice", "±", "Confidence interval", "Pareto front"),
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
            for entry in list_terms(page):
                st.markdown(f"**{entry.title}**: {entry.explanation}")
            st.page_link("pages/glossary.py", label="All terms", icon=":material/menu_book:")


def list_terms(page: str) -> list[GlossaryEntry]:
    """Return the terms of the page with this title."""
    glossary = read_glossary()
    return [glossary[term] for term in dict.fromkeys((*BASIC, *TERMS.get(page, ())))]


def show_glossary() -> None:
    """Show all terms, one tab per section of the glossary."""
    st.write("One term per concept. Pages, commands, code and documents use the same terms.")
    sections = read_sections()
    for tab, section in zip(st.tabs([section.title for section in sections]), sections, strict=True):
        tab.markdown(section.explanation)
