"""Predictions page: test images with the prediction of each head, and confusion matrices."""

from core.ui.frame import require_comparison
from core.ui.predictions.sections import show_predictions

if comparison := require_comparison():
    show_predictions(comparison)
