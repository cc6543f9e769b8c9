"""Results that follow the publication of a run, as a sentence while they are missing."""

from core.analysis.robustness import is_too_large
from core.plural import format_plural
from core.store.comparison import Comparison


def describe_awaited(comparison: Comparison) -> str:
    """Return that robustness and the latency of 32 images are being computed; "" if they are not."""
    waiting, total = sum(run.awaits_evidence and not run.imported for run in comparison.runs), len(comparison.runs)
    which = f" of {waiting:,} of {format_plural(total, 'run')}" if waiting < total else ""
    if not waiting:
        return ""
    if is_too_large(comparison):  # for robustness
        return f"The latency of 32 images{which} is being computed; queued jobs come first."
    return f"Robustness and the latency of 32 images{which} are being computed; queued jobs come first."
