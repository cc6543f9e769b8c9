"""Test accuracy of one run, with the epoch whose weights it belongs to."""

from core.displays.number import format_share
from core.store.kept_epoch import describe_kept_epoch
from core.store.record import Record


def describe_test_accuracy(record: Record) -> str:
    """Return "test accuracy 91.1% at the last epoch (25)", or that of the best epoch and that of the last."""
    text = f"test accuracy {format_share(record.metrics.test_accuracy)} {describe_kept_epoch([record])}"
    if record.last_metrics is None:
        return text
    last = format_share(record.last_metrics.test_accuracy)
    return f"{text}, {last} at the last epoch ({record.trained_epochs:,})"
