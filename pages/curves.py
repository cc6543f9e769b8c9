"""Curves: how each head learned."""

from core.displays.headline import write_curves
from core.ui.curves.curves import show_curves
from core.ui.frame import need_comparison
from core.ui.heading import show_page_heading
from core.ui.more_epochs import show_more
from core.ui.session import chosen_comparison

if need_comparison() and (comparison := chosen_comparison()):
    show_page_heading("Curves", write_curves(comparison))
    show_curves(comparison)
    show_more(comparison)
