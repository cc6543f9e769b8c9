"""Check that Headroom trained all models."""

from core.analysis.check import Result, check
from core.store.comparison import Comparison
from core.store.elsewhere import describe_elsewhere


@check(code="H23", title="Trained elsewhere", severity="warning")
def elsewhere(comparison: Comparison) -> Result:
    """**Check:** all models were trained by Headroom.

    **Why it matters:** Headroom knows how it trained its own models. Of other models, it knows what their library
    recorded, so a difference in accuracy can be caused by other data, other hyperparameters or more epochs.

    **What to do:** verify that these models were trained on the same training images, and never on the test images.
    """
    found = [
        describe_elsewhere(variant.label, variant.runs) for variant in comparison.variants if variant.spec.elsewhere
    ]
    if found:
        return Result("failed", f"{' '.join(found)} Verify that it was trained on the same training images.")
    return Result("passed", "Headroom trained all models.")
