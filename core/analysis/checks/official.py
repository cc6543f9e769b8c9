"""Whether scores on this data can be set against published ones."""

from core.analysis.check import Result, check
from core.spec import DATASETS
from core.store.comparison import Comparison, count_training_images


@check(code="H11", title="Not the official data", severity="warning")
def official(comparison: Comparison) -> Result:
    """**Asked:** is the data the dataset that its authors published, whole and unchanged, by its fingerprint?

    **Why it matters:** heads that were trained on the same data can be compared with each other whatever it is. Their
    scores can be set against published ones only on the data that those were measured on.

    **What to do:** fetch the official data: `python -m core datasets fetch NAME`, and train again.
    """
    first = comparison.first
    dataset = DATASETS[first.spec.dataset]
    if dataset.official_counts == (0, 0):
        return Result("not applicable", "Nobody has published scores on images of one's own.")
    run = next((run for run in comparison.runs if not run.record.data.official), None)
    if run is None:
        return Result("passed", f"The data is the official {dataset.label}.")
    data, total = run.record.data, count_training_images(run)
    size = f"{data.test_images:,} test image{'' if data.test_images == 1 else 's'}"
    if total is not None:
        size = f"{total:,} training and {size}"
        if (total, data.test_images) != dataset.official_counts:
            size += f" instead of {' and '.join(f'{count:,}' for count in dataset.official_counts)}"
    return Result(
        "failed",
        f"The data is not the official {dataset.label}: {size}, fingerprint {data.fingerprint}. "
        "Scores cannot be set against published ones.",
    )
