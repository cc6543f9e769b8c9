"""Check that the images of the dataset have content."""

from core.analysis.check import Result, check
from core.analysis.leakage import read_data_findings
from core.store.comparison import Comparison

_CODES = ("constant_images", "nearly_black_images", "nearly_white_images")


@check(code="H21", title="Images without content", severity="note", findings=_CODES)
def empty_images(comparison: Comparison) -> Result:
    """**Check:** no image of the dataset has only one color, or is black or white in 99% of its values.

    **Why it matters:** such images are often damaged files or errors of a conversion. No head can learn
    their class.

    **What to do:** list them with `headroom datasets check NAME --json`, and remove the damaged ones.
    """
    found = read_data_findings(comparison)
    if isinstance(found, str):
        return Result("not applicable", found)
    messages = [finding.message for finding in found.findings if finding.code in _CODES]
    return Result("failed", " ".join(messages)) if messages else Result("passed", "All images have content.")
