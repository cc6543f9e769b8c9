"""Whether times can be compared."""

from core.analysis.check import Result, check
from core.store.comparison import Comparison


@check(code="H13", title="Different processors", severity="note")
def processor(comparison: Comparison) -> Result:
    """**Asked:** did all runs train on a processor of the same name?

    **Why it matters:** training times and latencies are measured where a run was trained. On different processors they
    say as much about these as about the heads. Accuracies and counts are not touched.

    **What to do:** compare times of runs from one machine only.
    """
    names = list(dict.fromkeys(run.record.cpu for run in comparison.runs))
    if len(comparison.runs) < 2:
        return Result("not applicable", "There is one run, and nothing to set it against.")
    if len(names) > 1:
        return Result(
            "failed", "The runs were timed on different processors: their latencies and times are not comparable."
        )
    return Result("passed", f"All runs were timed on the same processor: {names[0]}.")
