"""The epoch whose weights are kept: the last one, or the best one on the validation images."""

import math
from collections.abc import Callable, Iterable, Sequence

from core.store.record import Record
from core.store.run import Run
from core.store.setting_text import describe_setting

_METRICS = {"best_val_loss": "validation loss", "best_val_accuracy": "validation accuracy"}


def choose_epoch(keep: str, val_losses: Sequence[float], val_accuracies: Sequence[float]) -> int:
    """Return the epoch to keep after epochs with these validation metrics; the earliest of equally good ones.

    Depends only on the history, so training that resumes from a checkpoint keeps the same epoch. NaN is never the best.

    >>> choose_epoch("best_val_loss", [0.9, 0.4, 0.4], [0.5, 0.8, 0.9])
    2
    >>> choose_epoch("best_val_accuracy", [0.9, 0.4, 0.4], [0.5, 0.8, 0.9])
    3
    """
    epochs = range(1, len(val_losses) + 1)
    ranks: dict[str, Callable[[int], float]] = {
        "last": lambda epoch: epoch,
        "best_val_loss": lambda epoch: -val_losses[epoch - 1],
        "best_val_accuracy": lambda epoch: val_accuracies[epoch - 1],
    }
    rank = ranks[keep]
    return max(epochs, key=lambda epoch: value if (value := rank(epoch)) == value else -math.inf)


def describe_kept_epoch(records: Iterable[Record]) -> str:
    """Describe the epoch whose weights give the accuracies of some runs, such as "at the last epoch (25)", "at the best
    epoch (17, by validation loss)", or "of the final model" without an epoch: a run from elsewhere may have none."""
    epochs: dict[str, set[int]] = {}
    for record in records:
        best = record.elsewhere is not None and record.kept_epoch is not None
        epochs.setdefault("best" if best else record.parsed_spec.keep, set()).add(record.measured_epoch)
    parts = []
    for keep, recorded in epochs.items():
        if not (numbers := recorded - {0}):
            continue
        span = f"{min(numbers):,}" + (f"–{max(numbers):,}" if len(numbers) > 1 else "")
        by = f", by {_METRICS[keep]}" if keep in _METRICS else ""
        parts.append(f"the last epoch ({span})" if keep == "last" else f"the best epoch ({span}{by})")
    found = [f"at {' or '.join(parts)}"] if parts else []
    if any(0 in recorded for recorded in epochs.values()):
        found.append("of the final model")
    return " or ".join(found)


def describe_keep(keep: str) -> str:
    """Describe a value of the hyperparameter `keep` without the number of an epoch."""
    return "last epoch" if keep == "last" else f"best epoch by {_METRICS[keep]}"


def describe_epochs(runs: Sequence[Run]) -> str:
    """Describe the trained epochs, such as "25 epochs", or "7–9 of 25 epochs" after early stopping."""
    known = [run for run in runs if run.record.trained_epochs]
    if len(known) < len(runs):
        return f"{describe_epochs(known)} where recorded" if known else "epochs unknown"
    trained = [run.record.trained_epochs for run in runs]
    planned = max(run.record.trained_epochs if run.spec.elsewhere else run.spec.epochs for run in runs)
    if min(trained) == max(trained) == planned:
        return describe_setting("epochs", planned)
    fewer = f"{min(trained):,}" + (f"–{max(trained):,}" if min(trained) < max(trained) else "")
    return f"{fewer} of {describe_setting('epochs', planned)}"
