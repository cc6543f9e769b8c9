"""Check that every variant has enough seeds for a confidence interval."""

from core.analysis.check import Result, check, list_names
from core.store.comparison import Comparison

_ENOUGH = 3


@check(code="H06", title="Too few seeds", severity="warning")
def seeds(comparison: Comparison) -> Result:
    """**Check:** every variant has at least three seeds.

    **Why it matters:** the seed determines the initial weights, the order of the images and the units that dropout
    drops. Two runs of the same variant differ by the seed, often as much as two variants differ. With one seed the
    standard deviation is unknown; in a comparison it is assumed to equal that of the other variant. With two seeds it
    is uncertain: if the seeds were the only cause of variation, the half-width of a 95% confidence interval of the mean
    would be 12.7 standard errors, compared with 4.3 for three seeds and 2.8 for five.

    **What to do:** train more seeds per variant. Existing runs are not trained again.
    """
    counts = {variant.label: len(variant.runs) for variant in comparison.variants}
    fewest = min(counts.values())
    if fewest >= _ENOUGH:
        return Result("passed", f"Every {comparison.noun} has at least {fewest} seeds.")
    if max(counts.values()) == 1:
        subject = f"One seed per {comparison.noun} does" if len(counts) > 1 else "One seed does"
        return Result("failed", f"{subject} not show the uncertainty of a result. Train at least {_ENOUGH} seeds.")
    affected = list_names([label for label, count in counts.items() if count == fewest], comparison)
    if fewest == 1:
        return Result("failed", f"The uncertainty of {affected} is unknown (one seed). Train at least {_ENOUGH} seeds.")
    return Result(
        "failed", f"{affected}: with two seeds the variation across seeds is uncertain. Train at least {_ENOUGH} seeds."
    )
