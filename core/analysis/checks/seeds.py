"""Whether there are enough seeds to tell a head from luck."""

from core.analysis.check import Result, check
from core.analysis.interval import quantile_t
from core.store.comparison import Comparison

_ENOUGH = 3


@check(code="H06", title="Too few seeds", severity="warning")
def seeds(comparison: Comparison) -> Result:
    """**Asked:** does every head have at least three seeds?

    **Why it matters:** the seed fixes the first weights, the order of the images and what dropout drops. Two trainings
    of one head differ by it, often by as much as two heads do. One seed shows a result and no uncertainty. Two seeds
    show an uncertainty that is itself hardly known: the 95 % interval of their mean reaches 12.7 standard errors to
    each side, that of three 4.3, that of five 2.8.

    **What to do:** train more seeds of each head. Seeds that are cached are not trained again.
    """
    counts = {variant.label: len(variant.runs) for variant in comparison.variants}
    fewest = min(counts.values())
    if fewest >= _ENOUGH:
        return Result("passed", f"Every head has at least {fewest} seeds.")
    if max(counts.values()) == 1:
        who = "One seed a head" if len(counts) > 1 else "One seed"
        return Result("failed", f"{who} shows a result, not its uncertainty: train more seeds before you decide.")
    few = [label for label, count in counts.items() if count == fewest]
    if fewest == 1:
        return Result("failed", f"With one seed, the uncertainty of {', '.join(few)} is unknown: train more seeds.")
    wide = f"reaches {quantile_t(fewest - 1):.1f} standard errors to each side"
    return Result("failed", f"{', '.join(few)}: with two seeds, the 95 % interval of the mean {wide}; train a third.")
