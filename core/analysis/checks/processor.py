"""Check that times and latencies were measured on the same machine."""

from core.analysis.check import Result, check
from core.analysis.timed import find_timed
from core.store.comparison import Comparison


@check(code="H13", title="Different machines", severity="warning")
def processor(comparison: Comparison) -> Result:
    """**Check:** all runs were trained on machines with the same processor and the same number of cores.

    **Why it matters:** training times and latencies are measured on the machine that trains the run. They depend on the
    machine as much as on the head, so those of most runs' machine are shown, and no others. Accuracies, parameter
    counts and FLOPs are not affected.

    **What to do:** compare only times of runs from the same machine.
    """
    if len(comparison.runs) < 2:
        return Result("not applicable", "This check needs at least two runs.")
    timed = find_timed(comparison)
    if timed.others:
        return Result("failed", f"The runs were trained on different machines. {timed.note}")
    return Result("passed", f"All runs were trained on the same machine: {timed.machine}.")
