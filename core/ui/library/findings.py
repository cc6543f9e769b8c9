"""Conclusions of the author and measurements of the runs in this home."""

import streamlit as st

from core.displays.headline import write_headline
from core.displays.markdown import escape_markdown
from core.displays.views.published import PublishedResults
from core.errors import HeadroomError
from core.home import describe_error
from core.recipe import Recipe
from core.store.comparison import Comparison, Offer
from core.ui.display import cached_result
from core.ui.navigation import open_page
from core.ui.session import offers, open_comparison, select_comparison


def find_offer(recipe: Recipe, run_ids: set[str] | None = None) -> Offer | None:
    """Return the most informative comparison of a recipe, if there are finished runs.

    Args:
        run_ids: only comparisons that contain one of these runs.
    """
    keys = f"recipe:{recipe.name}"
    own = (offer for offer in offers() if offer.key == keys or offer.key.startswith(f"{keys}:"))
    return next((offer for offer in own if run_ids is None or run_ids & set(offer.run_ids)), None)


def open_findings(offer: Offer | None) -> Comparison | None:
    """Open a comparison; if it cannot be opened, show the reason and return None."""
    if offer is None:
        return None
    try:
        return open_comparison(offer.run_ids)
    except HeadroomError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return None


def show_findings(recipe: Recipe, offer: Offer | None, comparison: Comparison | None) -> None:
    """Show the conclusions of the author and the headline of the runs."""
    left, right = st.columns(2, gap="large") if recipe.conclusions else (None, st.container())
    if left is not None:
        with left:
            st.header("The author's conclusions", anchor=False)
            st.markdown("\n".join(f"- {escape_markdown(text)}" for text in recipe.conclusions))
    with right:
        st.header("Measured with Headroom", anchor=False)
        if offer is None or comparison is None:
            st.write("No finished runs yet. Train the recipe to measure it.")
            return
        st.write(escape_markdown(cached_result(comparison, write_headline)))
        if note := PublishedResults(comparison).note():
            st.caption(escape_markdown(note))
        show_offer_button(offer, "View this comparison")


def show_offer_button(offer: Offer, label: str) -> None:
    """Show a button that opens a comparison on the Compare page."""
    if st.button(label, key=f"view-{offer.key}", icon=":material/balance:"):
        select_comparison(offer.key)
        open_page("pages/compare.py")
