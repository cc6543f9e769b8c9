"""Compare: what was found, what it costs, and what to be careful about."""

import streamlit as st

from core.displays.views.curves import Curves
from core.displays.views.heads import Heads
from core.displays.views.published import PublishedResults
from core.errors import HeadroomError
from core.ui.compare.sections import (
    show_cautions,
    show_headline,
    show_images,
    show_published,
    show_reproduction,
    show_tiles,
    show_ways_on,
)
from core.ui.display import show_display, show_table
from core.ui.errors import show_damaged_runs
from core.ui.frame import need_comparison
from core.ui.session import chosen_comparison

try:
    ready = need_comparison()
except HeadroomError as error:
    st.error(str(error), icon=":material/error:")
    ready = False

if ready and (comparison := chosen_comparison()):
    show_headline(comparison)
    show_tiles(comparison)
    heads = Heads(comparison)
    show_table(heads)
    show_cautions(comparison)
    show_ways_on(comparison)
    left, right = st.columns(2, gap="large")
    with left:
        show_display(heads, title="Accuracy against size", table=False)
    with right:
        show_display(Curves(comparison, splits=("validation",)), title="Validation accuracy by epoch", table=False)
    show_images(comparison)
    published = PublishedResults(comparison)
    if not published.frame().empty:
        show_published(published)
    show_reproduction(comparison)

show_damaged_runs()
