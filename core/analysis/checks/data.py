"""Check that all variants were trained on the same dataset."""

from core.analysis.check import Result, check
from core.store.comparison import Comparison


@check(code="H01", title="Different training data", severity="serious")
def data(comparison: Comparison) -> Result:
    """**Check:** all runs have the same dataset fingerprint, a hash of its images and labels.

    **Why it matters:** a variant trained on different images can be more accurate for this reason only. Runs with
    different *test sets* are never compared; this check covers the training data.

    **What to do:** train the variants again on the current dataset. `show RUN_ID` prints the fingerprint of a run.
    """
    runs = [run for run in comparison.runs if not run.spec.elsewhere]
    if len(runs) < 2:
        return Result("not applicable", "This check needs at least two runs that Headroom trained.")
    fingerprints = list(dict.fromkeys(run.record.data.fingerprint for run in runs))
    if len(fingerprints) > 1:
        listed = " and ".join(fingerprints)
        return Result("failed", f"The runs were trained on different data: fingerprints {listed}. Train them again.")
    return Result("passed", f"All runs were trained on the dataset with fingerprint {fingerprints[0]}.")
