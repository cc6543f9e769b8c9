"""Check that times and latencies were measured on the same processor."""

from core.analysis.check import Result, check
from core.store.comparison import Comparison


@check(code="H13", title="Different processors", severity="note")
def processor(comparison: Comparison) -> Result:
    """**Check:** all runs were trained on a processor of the same name.

    **Why it matters:** training times and latencies are measured on the machine that trains the run. They depend on the
    processor as much as on the head. Accuracies, parameter counts and FLOPs are not affected.

    **What to do:** compare only times of runs from the same machine.
    """
    names = list(dict.fromkeys(run.record.cpu for run in comparison.runs))
    if len(comparison.runs) < 2:
        return Result("not applicable", "This check needs at least two runs.")
    if len(names) > 1:
        return Result(
            "failed", "The runs were trained on different processors. Do not compare their times and latencies."
        )
    return Result("passed", f"All runs were trained on the same processor: {names[0]}.")
