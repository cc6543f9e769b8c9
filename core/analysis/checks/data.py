"""Whether all heads saw the same images."""

from core.analysis.check import Result, check
from core.store.comparison import Comparison


@check(code="H01", title="Different data", severity="serious")
def data(comparison: Comparison) -> Result:
    """**Asked:** do all runs name the same dataset with the same fingerprint, a hash of its images and labels?

    **Why it matters:** a head that learned from other images may be better for that alone. Runs that were *tested* on
    other images are never compared at all; this check is about what they learned from.

    **What to do:** train the heads again on the data that is here now. The fingerprint stands in `show RUN_ID`.
    """
    if len(comparison.runs) < 2:
        return Result("not applicable", "There is one run, and nothing to set it against.")
    prints = list(dict.fromkeys(run.record.data.fingerprint for run in comparison.runs))
    if len(prints) > 1:
        return Result("failed", f"The runs were trained on different data: fingerprints {' and '.join(prints)}.")
    return Result("passed", f"All runs have the data with fingerprint {prints[0]}.")
