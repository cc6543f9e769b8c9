"""Curves page: learning curves of all heads."""

from core.ui.curves.learning_curves import show_curves
from core.ui.frame import require_comparison
from core.ui.more_epochs import show_more_epochs

if comparison := require_comparison():
    show_curves(comparison)
    show_more_epochs(comparison)
