"""Results that follow the publication of a run, as a sentence while they are missing."""

from core.plural import format_plural
from core.store.comparison import Comparison


def describe_awaited(comparison: Comparison) -> str:
    """Return that robustness and the latency of 32 images are being computed; "" if they are not."""
    waiting, total = sum(run.awaits_evidence and not run.imported for run in comparison.runs), len(comparison.runs)
    which = f" of {waiting:,} of {format_plural(total, 'run')}" if waiting < total else ""
    what = f"Robustness and the latency of 32 images{which}"
    return f"{what} are being computed; queued jobs come first." if waiting else ""
