"""Check that no picture occurs with different labels."""

from core.analysis.check import Result, check
from core.analysis.leakage import read_data_findings
from core.store.comparison import Comparison

_CODES = ("conflicting_labels", "near_conflicting_labels")


@check(code="H20", title="Contradicting labels", severity="warning", findings=_CODES)
def labels(comparison: Comparison) -> Result:
    """**Check:** no image of the dataset has a copy with another label, and fewer than 1% of the images are nearly the
    same picture as one with another label.

    **Why it matters:** at least one of the labels is wrong. A wrong label of a test image counts a correct prediction
    as an error, and no head can learn both.

    **What to do:** correct the labels and add the images again. `headroom datasets check NAME --json` lists the images.
    """
    found = read_data_findings(comparison)
    if isinstance(found, str):
        return Result("not applicable", found)
    conflicts = [finding for finding in found.findings if finding.code in _CODES]
    if not conflicts:
        return Result("passed", "No picture has two labels.")
    message = " ".join(finding.message for finding in conflicts)
    if any(finding.code == _CODES[0] or finding.severity != "note" for finding in conflicts):
        return Result("failed", message)
    return Result("passed", f"No image has a copy with another label. {message}")
