"""Check that the dataset is the official one, so that results are comparable with published results."""

from core.analysis.check import Result, check
from core.spec import DATASETS
from core.store.comparison import Comparison, count_training_images


@check(code="H11", title="Not the official dataset", severity="warning")
def official(comparison: Comparison) -> Result:
    """**Check:** the fingerprint of the dataset is that of the complete, unmodified dataset of its authors.

    **Why it matters:** variants can be compared with each other on any dataset, but with published results only on the
    dataset of the publication.

    **What to do:** download the official dataset with `python -m core datasets download NAME` and train again.
    """
    first = comparison.first
    dataset = DATASETS[first.spec.dataset]
    if dataset.official_counts == (0, 0):
        return Result("not applicable", "There are no published accuracies for custom datasets.")
    run = next((run for run in comparison.runs if not (run.record.data.official or run.spec.elsewhere)), None)
    if run is None:
        if not dataset.official_split:
            return Result("passed", f"The dataset is the complete {dataset.label}, split by Headroom.")
        return Result("passed", f"The dataset is the official {dataset.label}.")
    data = run.record.data
    size = dataset.describe_size(count_training_images(run), data.test_images)
    return Result(
        "failed",
        f"The dataset is not the official {dataset.label}: {size}, fingerprint {data.fingerprint}. "
        "Do not compare these results with published results.",
    )
