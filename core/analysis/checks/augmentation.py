"""Whether all heads saw their images changed in the same way."""

from core.analysis.check import Result, check, compare_settings
from core.store.comparison import Comparison


@check(code="H03", title="Different augmentation", severity="serious")
def augmentation(comparison: Comparison) -> Result:
    """**Asked:** do all heads have the same augmentation, with the same strengths in the same order?

    **Why it matters:** augmentation works like more data. A head that had it cannot be set against one that had not.

    **What to do:** train both heads with the same augmentation, or without any.
    """
    return compare_settings(comparison, ("augmentation",), "augmentation")
