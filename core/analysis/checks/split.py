"""Check that all variants have the same training and validation images."""

from core.analysis.check import Result, check, compare_settings
from core.store.comparison import Comparison

_SETTINGS = ("train_images", "validation_fraction", "validation_images", "side", "attribute")


@check(code="H02", title="Different data split", severity="serious")
def split(comparison: Comparison) -> Result:
    """**Check:** all variants have the same number of training images, the same validation images and the same image
    size.

    **Why it matters:** more training images almost always increase accuracy. Validation curves are comparable only on
    the same validation images.

    **What to do:** train all variants with the same values of these settings.
    """
    return compare_settings(comparison, _SETTINGS, "training and validation images")
