"""Metrics of one trained model for its model card, with 95% intervals over the test images."""

import numpy as np

from core.analysis.calibration import compute_bins, compute_ece, compute_expected_ece
from core.analysis.class_metrics import measure_run
from core.displays.number import format_share, format_share_interval
from core.displays.run_facts import list_result_facts
from core.interval import compute_wilson
from core.reports.document import Table
from core.store.run import Run

MAX_CLASS_ROWS = 100


def list_metrics(run: Run) -> dict[str, str]:
    """Return the metrics of a run by name; those that need its predictions only if it has them."""
    found = list_result_facts(run.record)
    if not run.has("predictions.npz"):
        return found
    measured = measure_run(run)
    precision, recall, f1 = measured.scores.average()
    bins = compute_bins(run.predictions.test_probs, run.predictions.test_labels)
    return found | {
        "Balanced accuracy": f"{format_share(measured.scores.balanced_accuracy)} (mean recall of the classes)",
        "Macro averages": f"precision {format_share(precision)}, recall {format_share(recall)}, F1 {format_share(f1)}",
        "Expected calibration error": f"{format_share(compute_ece(bins))}; a perfectly calibrated model has "
        f"{format_share(compute_expected_ece(bins))} on this number of images",
    }


def build_class_table(run: Run) -> Table | None:
    """Return recall with its interval and precision of each class; the lowest recalls first if there are many classes.

    None if the run has no predictions.
    """
    if not run.has("predictions.npz"):
        return None
    scores = measure_run(run).scores
    correct = np.rint(scores.recall * scores.images)
    lows, highs = compute_wilson(correct, scores.images)
    order = np.arange(len(scores.images))
    if len(order) > MAX_CLASS_ROWS:
        order = np.argsort(scores.recall, kind="stable")[:MAX_CLASS_ROWS]
    classes = run.record.data.classes
    rows = tuple(
        (classes[label], f"{scores.images[label]:,}", format_share(scores.recall[label]),
         format_share_interval(lows[label], highs[label]), format_share(scores.precision[label]))
        for label in order
    )  # fmt: skip
    columns = ("Class", "Test images", "Recall", "95% interval", "Precision")
    return Table(columns=columns, rows=rows, words=("Class",))
