"""Whether all heads learned from the same images and were validated on the same others."""

from core.analysis.check import Result, check, compare_settings
from core.store.comparison import Comparison

_SETTINGS = ("train_images", "validation_fraction", "validation_images", "side", "attribute")


@check(code="H02", title="Different split", severity="serious")
def split(comparison: Comparison) -> Result:
    """**Asked:** do all heads have the same number of training images, the same validation images, and images of the
    same side?

    **Why it matters:** more training images are the surest way to a better score. Validation images decide which
    curves look good, so they must be the same ones too.

    **What to do:** train both heads with the same values for these settings.
    """
    return compare_settings(comparison, _SETTINGS, "training and validation images")
