"""Check that all variants were trained with the same augmentation."""

from core.analysis.check import Result, check, compare_settings
from core.store.comparison import Comparison


@check(code="H03", title="Different augmentation", severity="serious")
def augmentation(comparison: Comparison) -> Result:
    """**Check:** all variants were trained with the same augmentation: the same steps, order and strengths.

    **Why it matters:** augmentation acts as additional training data. A variant trained with it cannot be compared
    fairly with one trained without it.

    **What to do:** train all variants with the same augmentation, or without any.
    """
    return compare_settings(comparison, ("augmentation",), "augmentation")
